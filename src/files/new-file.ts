/**
 * A large file that is there whole or not at all: written beside its name, synced, and then
 * given the name, which nothing may have yet. What a killed process left half is cleared away
 * by the next that writes the same file.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";
import { trustedDirectory } from "./directories.ts";
import { ownUid } from "./owner.ts";
import { syncDirectory } from "./sync.ts";
import { said, systemFault } from "./untrusted.ts";

const MODE = 0o600;
/** Bytes that are written at once. */
const CHUNK = 1 << 18;

export class NewFile {
  readonly #path: string;
  readonly #directory: string;
  readonly #partial: string;
  readonly #descriptor: number;
  #pending = "";

  private constructor(path: string, directory: string, partial: string, descriptor: number) {
    this.#path = path;
    this.#directory = directory;
    this.#partial = partial;
    this.#descriptor = descriptor;
  }

  /** @throws Fault `file-exists`, `file-untrusted`, `file-unwritable` */
  static begin(path: string): NewFile {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    try {
      const directory = trustedDirectory(dirname(path), ownUid());
      if (directory === undefined) throw Object.assign(new Error(), { code: "ENOENT" });
      if (lstatSync(join(directory, basename(path)), { throwIfNoEntry: false })) throw taken(path);
      clearAway(directory, basename(path));
      const partial = join(directory, partialOf(basename(path), process.pid));
      const descriptor = openSync(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
      fchmodSync(descriptor, MODE);
      return new NewFile(path, directory, partial, descriptor);
    } catch (error) {
      throw fault(path, error);
    }
  }

  /** @throws Fault `file-unwritable`; `abandon` it then */
  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) this.#flush();
  }

  /** On disk, under its name, when it returns. @throws Fault; `abandon` it then */
  finish(): void {
    this.#flush();
    const name = join(this.#directory, basename(this.#path));
    try {
      fsyncSync(this.#descriptor);
      // Unlike rename(2), it fails where the name is taken by now.
      linkSync(this.#partial, name);
      rmSync(this.#partial);
      syncDirectory(this.#directory);
      closeSync(this.#descriptor);
    } catch (error) {
      throw fault(this.#path, error);
    }
  }

  /** Leaves nothing behind. */
  abandon(): void {
    closeSync(this.#descriptor);
    rmSync(this.#partial, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = "";
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done);
      }
    } catch (error) {
      throw fault(this.#path, error);
    }
  }
}

function partialOf(name: string, pid: number): string {
  return `.${name}.${pid}.partial`;
}

/** Removes what processes that are gone have begun. */
function clearAway(directory: string, name: string): void {
  for (const found of readdirSync(directory)) {
    const pid = Number(/\.([1-9][0-9]*)\.partial$/.exec(found)?.[1]);
    if (found !== partialOf(name, pid) || isRunning(pid)) continue;
    rmSync(join(directory, found), { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

function taken(path: string, cause?: unknown): Fault {
  return new Fault("file-exists", `${said(path)} is there already`, {
    hint: "give each archive a name of its own, such as one with the date in it",
    cause,
  });
}

function fault(path: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (errnoOf(error) === "EEXIST") return taken(path, error);
  return systemFault("file-unwritable", `cannot write ${said(path)}`, error);
}
