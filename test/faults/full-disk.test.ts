/**
 * A disk that is full, to the last byte or nearly, at everything that writes: an error and
 * never an accept, nothing lost, and all as before once there is room again.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { needs } from "../support/parts.ts";
import type { Run } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import {
  assertOpen,
  assertWhole,
  type Countersign,
  codeOf,
  done,
  enroll,
  type Handed,
  setUp,
  TOLD,
} from "./post.ts";

const DISK = "/var/lib/disk";
/** KiB left when the command begins: the log's index takes 32, the log itself the rest. */
const LEFT = [0, 8, 32, 36, 44, 52, 64, 96] as const;

class Disk {
  readonly #sandbox: Sandbox;
  readonly countersign: Countersign;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    const env = { PATH: "/usr/bin:/bin", COUNTERSIGN_HOME: `${DISK}/home` };
    this.countersign = (args, options = {}) =>
      sandbox.run([SANDBOX_CLI, ...args], { ...options, env: { ...env, ...options.env } });
  }

  static async make(t: TestContext): Promise<Disk> {
    const sandbox = await Sandbox.open(t);
    await sandbox.smallDisk(DISK, "1m");
    return new Disk(sandbox);
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
    await this.#sandbox.sh(`rm -rf /root/saved; cp -a ${DISK}/home /root/saved`);
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
class Tally {
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

describe("a full disk", { concurrency: 2, ...needs("root", "mount namespaces") }, () => {
  test("at verify: unavailable, never accepted, and the code still good", async (t) => {
    const { disk, handed } = await enrolled(t);
    const verify = ["verify", "alice", "--code-stdin", "--json"];
    for (const answer of [() => codeOf(handed.secret), () => handed.backupCodes[0] ?? ""]) {
      const tally = new Tally();
      for (const left of LEFT) {
        await disk.restore();
        await disk.fill(left);
        const input = answer();
        const ended = await disk.countersign(verify, { input });
        const passed = tally.note(left, ended, 5);
        assert.equal(JSON.parse(ended.stdout).verdict, passed ? "accept" : "unavailable");
        await disk.free();
        const again = await disk.countersign(verify, { input });
        assert.equal(again.code, passed ? 1 : 0, `${left} KiB left: ${again.stderr}`);
      }
      tally.check();
    }
    await assertWhole(disk.countersign, handed);
  });

  for (const [what, args] of [
    ["reset", ["reset", "alice", "--yes", "--json"]],
    ["backup-code generate", ["backup-code", "generate", "alice", "--json"]],
    ["enroll --begin", ["enroll", "alice", "--begin", "--json"]],
    ["user disable", ["user", "disable", "alice", "--json"]],
  ] as const) {
    test(`at ${what}: an error, and nothing is lost`, async (t) => {
      const { disk, handed } = await enrolled(t);
      const tally = new Tally();
      for (const left of LEFT) {
        await disk.restore();
        await disk.fill(left);
        const passed = tally.note(left, await disk.countersign(args), 1);
        await disk.free();
        if (!passed) await assertOpen(disk.countersign, handed);
        if (passed) break;
        if (left === 0) await assertWhole(disk.countersign, handed);
      }
      tally.check();
    });
  }

  test("at enroll --confirm: the old secret works, and so does confirming later", async (t) => {
    const { disk, handed } = await enrolled(t);
    const begun = done(await disk.countersign(["enroll", "alice", "--begin", "--json"]));
    const { secret } = JSON.parse(begun.stdout);
    await disk.save();
    const confirm = ["enroll", "alice", "--confirm", "--code-stdin", "--json"];
    const tally = new Tally();
    for (const left of LEFT) {
      await disk.restore();
      await disk.fill(left);
      const input = codeOf(secret);
      const passed = tally.note(left, await disk.countersign(confirm, { input }), 1);
      await disk.free();
      if (passed) continue;
      await assertOpen(disk.countersign, handed);
      done(await disk.countersign(confirm, { input }));
    }
    tally.check();
  });

  test("at config set: the settings are the old ones, with nothing beside them", async (t) => {
    const { disk, handed } = await enrolled(t);
    await disk.fill(0);
    const set = await disk.countersign(["config", "set", "issuer", "Other"]);
    assert.equal(set.code, 1);
    assert.match(set.stderr, TOLD);
    assert.match(set.stderr, /no space left/);
    await disk.free();
    assert.ok(
      !(await disk.list()).some((name) => name.includes(".tmp")),
      "a temporary file is left",
    );
    await assertOpen(disk.countersign, handed);
  });

  test("at init: an error, and init again ends it", async (t) => {
    const disk = await Disk.make(t);
    const tally = new Tally();
    for (const left of [...LEFT, 128, 160, 192]) {
      await disk.remove("home");
      await disk.fill(left);
      const passed = tally.note(left, await disk.countersign(["init", "--json"]), 1);
      await disk.free();
      if (passed) continue;
      const early = await disk.countersign(["verify", "alice", "--code-stdin"], {
        input: "123456",
      });
      assert.equal(early.code, 5, early.stderr);
      await setUp(disk.countersign);
      await assertOpen(disk.countersign, await enroll(disk.countersign));
    }
    tally.check();
  });

  test("at --qr-file: no picture cut short, and no enrollment", async (t) => {
    const { disk, handed } = await enrolled(t);
    const file = `${DISK}/key.png`;
    await disk.fill(0);
    const args = ["enroll", "bob", "--qr-file", file, "--qr", "none", "--code-stdin"];
    const ended = await disk.countersign(args, { input: "123456\n" });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, TOLD);
    await disk.free();
    assert.ok(!(await disk.list()).includes("./key.png"));
    await assertOpen(disk.countersign, handed);
  });
});

async function enrolled(t: TestContext): Promise<{ disk: Disk; handed: Handed }> {
  const disk = await Disk.make(t);
  await setUp(disk.countersign);
  const handed = await enroll(disk.countersign);
  await disk.save();
  return { disk, handed };
}
