/** Guessing is slow: attempts are counted before they are judged, under one counter for one account. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SlowHash } from "../../src/contracts/sealing.ts";
import { DEFAULT_THROTTLE, LOCKED_FOREVER } from "../../src/core/throttle.ts";
import { slowHash } from "../../src/keys/slow-hash.ts";
import { MINUTE, makeHost } from "./host.ts";

test("five failures are free; then 2, 4, 8 … 300 s", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const wrong = phone.wrongCode();
  const verdicts = await host.fail("alice", wrong, 5);
  assert.deepEqual(new Set(verdicts), new Set(["reject"]));
  for (const seconds of [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]) {
    const { verdict, retryAt = 0, reason } = await host.verify("alice", wrong);
    assert.deepEqual([verdict, reason], ["throttled", "too-many-failures"]);
    assert.equal(retryAt - host.clock.now(), seconds * 1000);
    host.clock.set(retryAt - 1);
    assert.equal((await host.verify("alice", wrong)).verdict, "throttled");
    host.clock.set(retryAt);
    assert.equal((await host.verify("alice", wrong)).verdict, "reject");
  }
});

test("while throttled even the right code is refused unread, and can be used afterwards", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  await host.fail("alice", phone.wrongCode(), 5);
  const until = host.clock.now() + 2_000;
  const code = phone.code();
  for (const answer of [code, backupCodes[0] ?? "", "", "push"]) {
    const { verdict, retryAt, method } = await host.verify("alice", answer);
    assert.deepEqual([verdict, retryAt, method], ["throttled", until, undefined]);
  }
  host.clock.set(until);
  assert.equal((await host.verify("alice", code)).verdict, "accept");
  assert.equal((await host.root.backupCodeStatus("alice")).left, 10);
});

test("a thousand attempts while throttled do not lengthen the delay", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const wrong = phone.wrongCode();
  await host.fail("alice", wrong, 5);
  const until = host.clock.now() + 2_000;
  const verdicts = await host.fail("alice", wrong, 1_000);
  assert.deepEqual(new Set(verdicts), new Set(["throttled"]));
  host.clock.set(until);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("while throttled no hash is computed", async (t) => {
  let hashes = 0;
  const counting: typeof slowHash = (...values) => {
    hashes++;
    return slowHash(...values);
  };
  const host = makeHost(t, { slowHash: counting });
  const { phone } = await host.enroll("alice");
  hashes = 0;
  await host.fail("alice", "0000000000", 1);
  assert.equal(hashes, 1);
  await host.fail("alice", phone.wrongCode(), 4);
  await host.fail("alice", "0000000000", 20);
  assert.equal(hashes, 1);
});

test("failures are forgiven one by one, and all at once by a success", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const wrong = phone.wrongCode();
  await host.fail("alice", wrong, 4);
  host.clock.advance(30 * MINUTE);
  assert.deepEqual(await host.fail("alice", wrong, 4), ["reject", "reject", "reject", "throttled"]);
  host.clock.advance(MINUTE);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
  assert.equal((await host.fail("alice", wrong, 6)).indexOf("throttled"), 5);
});

test("methods, malformed answers and spellings of the name share one counter", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const verdicts: string[] = [];
  for (const [user, answer] of [
    ["alice", phone.wrongCode()],
    ["alice", "00000-00000"],
    ["alice", "nonsense"],
    ["ALICE", phone.wrongCode()],
    ["al ice", ""],
    ["alice", phone.code()],
    ["Alice", phone.code()],
    ["\u200balice", phone.code()],
    ["bob", "000000"],
  ] as const) {
    verdicts.push((await host.verify(user, answer)).verdict);
  }
  const [free, held] = [verdicts.slice(0, 5), verdicts.slice(5, 8)];
  assert.deepEqual(free, ["reject", "reject", "reject", "unenrolled", "unenrolled"]);
  assert.deepEqual(held, ["throttled", "throttled", "throttled"]);
  assert.equal(verdicts.at(-1), "unenrolled", "bob is somebody else");
});

test("no lock is set by default, whatever is tried", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  for (let n = 0; n < 100; n++) {
    await host.fail("alice", phone.wrongCode(), 1);
    host.clock.advance(300_000);
  }
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("where a lock was chosen it holds until an administrator unlocks", async (t) => {
  const host = makeHost(t, { policy: { throttle: { ...DEFAULT_THROTTLE, lockAfter: 3 } } });
  const { phone } = await host.enroll("alice");
  await host.fail("alice", phone.wrongCode(), 3);
  host.clock.advance(365 * 86_400_000);
  const { verdict, reason, retryAt } = await host.verify("alice", phone.code());
  assert.deepEqual([verdict, reason, retryAt], ["throttled", "locked", LOCKED_FOREVER]);
  assert.equal((await host.root.showUser("alice")).throttledUntil, LOCKED_FOREVER);
  assert.deepEqual(await host.root.unlockUser("alice"), { user: "alice", changed: true });
  assert.deepEqual(await host.root.unlockUser("alice"), { user: "alice", changed: false });
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("unlocking by another spelling unlocks the one counter", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await host.fail("alice", phone.wrongCode(), 6);
  assert.equal((await host.root.unlockUser("Alice")).changed, true);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("a hundred wrong codes at once: five are judged", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const wrong = phone.wrongCode();
  for (const answer of [wrong, "0000000000"]) {
    const all = await Promise.all(Array.from({ length: 100 }, () => host.verify("alice", answer)));
    assert.equal(all.filter(({ verdict }) => verdict === "reject").length, 5);
    assert.equal(all.filter(({ verdict }) => verdict === "throttled").length, 95);
    await host.root.unlockUser("alice");
  }
});

test("a thousand backup codes at once are hashed two at a time, and no more than are free", async (t) => {
  let [running, most, hashed] = [0, 0, 0];
  const slowHash: SlowHash = async () => {
    hashed += 1;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return Buffer.alloc(32);
  };
  const host = makeHost(t, { slowHash });
  const all = Array.from({ length: 1000 }, () => host.verify("alice", "0000000000"));
  const verdicts = (await Promise.all(all)).map(({ verdict }) => verdict);
  assert.equal(verdicts.filter((each) => each === "throttled").length, 995);
  assert.equal(most, 2);
  assert.ok(hashed <= 10, `${hashed} were hashed`);
});
