/**
 * The write-ahead log beside the store, lost or damaged while it held what no checkpoint had
 * moved yet: the store is as it was before, whole, and a head kept elsewhere shows the loss.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { codeOf, done, Post } from "./post.ts";

const post = await Post.forThisFile();

interface Damage {
  readonly what: string;
  readonly how: (log: Buffer) => Buffer | undefined;
}

const DAMAGES: readonly Damage[] = [
  { what: "missing", how: () => undefined },
  { what: "empty", how: () => Buffer.alloc(0) },
  { what: "zeroed", how: (log) => Buffer.alloc(log.length) },
  { what: "cut in its header", how: (log) => log.subarray(0, 20) },
  { what: "cut in its first frame", how: (log) => log.subarray(0, 1000) },
  { what: "of another salt", how: (log) => withByte(log, 18) },
  { what: "with a wrong bit in its first frame", how: (log) => withByte(log, 500) },
  { what: "random", how: (log) => Buffer.from(log.map((byte, at) => byte ^ (at * 31))) },
];

describe("the write-ahead log", { concurrency: 2 }, () => {
  for (const { what, how } of DAMAGES) {
    test(`${what}: nothing half-done is left, and the audit log's head tells`, async (t) => {
      const broken = await crashed(await post.copy(t), t);
      const copy = await broken.copy(t);
      const left = how(readFileSync(broken.file("store.db-wal")));
      if (left) writeFileSync(copy.file("store.db-wal"), left);
      else rmSync(copy.file("store.db-wal"));

      const known = JSON.parse(done(await broken.home.run(["audit", "verify", "--json"])).stdout);
      const verify = ["audit", "verify", "--json"];
      const own = JSON.parse(done(await copy.home.run(verify)).stdout);
      assert.ok(own.events < known.events, "the damaged log was read after all");
      const told = await copy.home.run([...verify, "--head", known.head]);
      assert.equal(told.code, 1);
      assert.equal(JSON.parse(told.stdout).fault, "cut-off");
      await copy.isWhole();
    });
  }

  test("cut in its last frame: what was complete before it is kept", async (t) => {
    const broken = await crashed(await post.copy(t), t);
    const log = broken.file("store.db-wal");
    truncateSync(log, readFileSync(log).length - 10);
    await broken.isWhole();
  });

  test("whole, after a crash: nothing is lost and the spent code stays spent", async (t) => {
    const broken = await crashed(await post.copy(t), t);
    const again = await broken.verify(broken.spent);
    assert.equal(again.code, 1, again.stdout);
    assert.match(done(await broken.home.run(["audit", "list"])).stdout, /accept/);
  });
});

class Crashed extends Post {
  readonly spent: string;

  constructor({ home, handed }: Post, spent: string) {
    super(home, handed);
    this.spent = spent;
  }
}

/** The home as a crash leaves it after one accepted login: that is in the log alone. */
async function crashed(live: Post, t: TestContext): Promise<Crashed> {
  const holder = new DatabaseSync(live.file("store.db"));
  // A reader keeps the last one to close from moving the log into the store.
  holder.exec("BEGIN; SELECT count(*) FROM audit");
  try {
    const code = codeOf(live.handed.secret);
    done(await live.verify(code));
    const dead = await live.copy(t);
    rmSync(dead.file("store.db-shm"));
    return new Crashed(dead, code);
  } finally {
    holder.close();
  }
}

function withByte(log: Buffer, at: number): Buffer {
  const changed = Buffer.from(log);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}
