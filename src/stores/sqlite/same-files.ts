/**
 * SQLite goes on writing to files that were removed or replaced while it had them open. What
 * it took in then would be accepted and in no store: no log to audit it in, and the code good
 * a second time. So each transaction ends in a look at the names.
 */
import { type Stats, statSync } from "node:fs";
import { Fault } from "../../core/fault.ts";

/** Without the log a commit is lost; without the index two processes do not see each other. */
const SUFFIXES = ["", "-wal", "-shm"] as const;

/** What the path names: taken before the store is opened, so that no swap goes unseen. */
export function fileAt(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

export class SameFiles {
  readonly #path: string;
  readonly #known: readonly (Stats | undefined)[];

  /** @param before what was at the path before SQLite opened it; all files are there by now */
  constructor(path: string, before: Stats | undefined) {
    this.#path = path;
    this.#known = SUFFIXES.map((suffix) => (suffix === "" ? before : fileAt(path + suffix)));
  }

  /**
   * An inode is not given to another file while it is open, so device and number tell.
   * @throws Fault `store-missing` when one of the files is no longer there under its name
   */
  check(): void {
    for (const [index, suffix] of SUFFIXES.entries()) {
      const known = this.#known[index];
      if (known === undefined) continue;
      const found = fileAt(this.#path + suffix);
      if (found?.ino === known.ino && found.dev === known.dev) continue;
      const became = found ? "replaced" : "removed";
      throw new Fault("store-missing", `${this.#path}${suffix} was ${became} while it was open`, {
        hint: "put it back, or put a whole store in its place and restart countersignd",
      });
    }
  }
}
