/** What several sandboxes of one file begin with: made in the first of them, and copied into the others. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** Users and groups with their homes, and countersign's own two directories. */
const OF_A_HOST = [
  ...["passwd", "shadow", "group", "gshadow", "subuid", "subgid"].map((name) => `etc/${name}`),
  ...["home", "etc/countersign", "var/lib/countersign"],
];

export class Beginning<T> {
  readonly #make: (sandbox: Sandbox) => Promise<T>;
  readonly #paths: readonly string[];
  #made: Promise<{ archive: string; told: T }> | undefined;

  /**
   * @param make sets a fresh sandbox up; what it tells is told to every test
   * @param paths kept of it, from the root on; what is not there is left out
   */
  constructor(make: (sandbox: Sandbox) => Promise<T>, paths: readonly string[] = OF_A_HOST) {
    this.#make = make;
    this.#paths = paths;
  }

  /** Has a fresh sandbox begin so. Nothing of it may run yet. */
  async in(sandbox: Sandbox): Promise<T> {
    if (this.#made === undefined) {
      this.#made = this.#first(sandbox);
      return (await this.#made).told;
    }
    const { archive, told } = await this.#made;
    await sandbox.sh(`tar -C / --numeric-owner -xpf ${archive}`);
    return told;
  }

  async #first(sandbox: Sandbox): Promise<{ archive: string; told: T }> {
    const folder = mkdtempSync(join(tmpdir(), "countersign-beginning-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    const told = await this.#make(sandbox);
    const archive = join(folder, "kept.tar");
    const paths = this.#paths.join(" ");
    await sandbox.sh(`cd /; ls -d ${paths} 2>/dev/null | tar -cf ${archive} -T -`);
    return { archive, told };
  }
}
