/** A small disk that can be filled to the last page, with a home on it, in a sandbox. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Beginning } from "../support/beginning.ts";
import type { Run } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { type Countersign, enroll, type Handed, setUp, TOLD } from "./post.ts";

export const DISK = "/var/lib/disk";
/** KiB left when the command begins: the log's index takes 32, the log itself the rest. */
export const LEFT = [0, 32, 64, 96] as const;

const SAVE = `rm -rf /root/saved; cp -a ${DISK}/home /root/saved`;
const ENROLLED = new Beginning(
  async (sandbox) => {
    const countersign = countersignIn(sandbox);
    await setUp(countersign);
    const handed = await enroll(countersign);
    await sandbox.sh(SAVE);
    return handed;
  },
  [`${DISK.slice(1)}/home`, "root/saved"],
);

function countersignIn(sandbox: Sandbox): Countersign {
  const env = { PATH: "/usr/bin:/bin", COUNTERSIGN_HOME: `${DISK}/home` };
  return (args, options = {}) =>
    sandbox.run([SANDBOX_CLI, ...args], { ...options, env: { ...env, ...options.env } });
}

export class Disk {
  readonly #sandbox: Sandbox;
  readonly countersign: Countersign;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.countersign = countersignIn(sandbox);
  }

  static async make(t: TestContext): Promise<Disk> {
    const sandbox = await Sandbox.open(t);
    await sandbox.smallDisk(DISK, "1m");
    return new Disk(sandbox);
  }

  /** With alice enrolled, and so saved. */
  begin(): Promise<Handed> {
    return ENROLLED.in(this.#sandbox);
  }

  /** To the last page but for so many KiB. */
  async fill(kibLeft: number): Promise<void> {
    const script = `cat /dev/zero > ${DISK}/fill 2>/dev/null || truncate -s -${kibLeft}K ${DISK}/fill`;
    await this.#sandbox.sh(script);
  }

  async free(): Promise<void> {
    await this.#sandbox.sh(`rm -f ${DISK}/fill`);
  }

  async save(): Promise<void> {
    await this.#sandbox.sh(SAVE);
  }

  /** Back to what was saved, with room. */
  async restore(): Promise<void> {
    await this.free();
    await this.#sandbox.sh(`rm -rf ${DISK}/home; cp -a /root/saved ${DISK}/home`);
  }

  async list(): Promise<string[]> {
    const found = await this.#sandbox.sh(`cd ${DISK}; find . -type f ! -name fill`);
    return found.trim().split("\n").sort();
  }

  async remove(path: string): Promise<void> {
    await this.#sandbox.sh(`rm -rf ${DISK}/${path}`);
  }
}

/** The steps at which it failed and at which it succeeded: both have to be there. */
export class Tally {
  readonly failed: number[] = [];
  readonly succeeded: number[] = [];

  note(left: number, ended: Run, status: number): boolean {
    if (ended.code === 0) {
      this.succeeded.push(left);
      return true;
    }
    assert.equal(ended.code, status, `${left} KiB left: ${ended.code ?? ended.signal}`);
    assert.match(ended.stderr, TOLD, `${left} KiB left`);
    assert.match(ended.stderr, /full|no space left|cannot be (written|opened)|disk failed/);
    this.failed.push(left);
    return false;
  }

  check(): void {
    assert.ok(this.failed.includes(0), "a full disk did not matter");
    assert.ok(this.succeeded.length > 0, "it never succeeded: the steps are too small");
  }
}

/** A disk with a home where alice is enrolled, saved for `restore`. */
export async function enrolled(t: TestContext): Promise<{ disk: Disk; handed: Handed }> {
  const disk = await Disk.make(t);
  return { disk, handed: await disk.begin() };
}
