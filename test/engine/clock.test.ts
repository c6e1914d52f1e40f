/** The host's clock is stepped back: no code counts twice, and nobody is held longer for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, makeHost } from "./host.ts";

const HOUR = 60 * MINUTE;

test("no code that was accepted is accepted again when its time comes round again", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const used: [number, string][] = [];
  for (let minute = 0; minute < 60; minute += 5) {
    const code = phone.code();
    used.push([host.clock.now(), code]);
    assert.equal((await host.verify("alice", code)).verdict, "accept");
    host.clock.advance(5 * MINUTE);
  }
  for (const [at, code] of used) {
    host.clock.set(at);
    assert.equal((await host.verify("alice", code)).verdict, "reject");
    await host.root.unlockUser("alice");
  }
});

test("a step back says so in the log, until the hour has passed again", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await host.verify("alice", phone.code());
  host.clock.advance(-HOUR);
  const back = await host.verify("alice", phone.code());
  assert.deepEqual([back.verdict, back.reason], ["reject", "clock-stepped-back"]);
  host.clock.advance(HOUR + MINUTE);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("a backup code still works", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  await host.verify("alice", phone.code());
  host.clock.advance(-HOUR);
  assert.equal((await host.verify("alice", backupCodes[0] ?? "")).verdict, "accept");
  assert.equal((await host.verify("alice", backupCodes[0] ?? "")).reason, "replayed");
});

test("a delay of two seconds does not become an hour", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  await host.fail("alice", phone.wrongCode(), 5);
  assert.equal((await host.verify("alice", backupCodes[0] ?? "")).verdict, "throttled");
  host.clock.advance(-HOUR);
  assert.equal((await host.verify("alice", backupCodes[0] ?? "")).verdict, "accept");
});

test("nor is a step back leave to guess: the failures before it still count", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const wrong = phone.wrongCode();
  await host.fail("alice", wrong, 5);
  host.clock.advance(-HOUR);
  assert.deepEqual(await host.fail("alice", wrong, 3), ["reject", "throttled", "throttled"]);
  const { retryAt = 0 } = await host.verify("alice", wrong);
  assert.equal(retryAt - host.clock.now(), 4_000);
});

test("a clock a little behind another process's holds nobody longer than that little", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await host.fail("alice", phone.wrongCode(), 5);
  host.clock.advance(-500);
  const { verdict, retryAt = 0 } = await host.verify("alice", phone.code());
  assert.deepEqual([verdict, retryAt - host.clock.now()], ["throttled", 2_500]);
});

test("an enrollment begun before the step can be confirmed after it", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  host.clock.advance(-HOUR);
  const bob = await host.enroll("bob");
  assert.equal((await host.verify("bob", bob.phone.code())).verdict, "accept");
  assert.equal((await host.root.verifyAudit()).intact, true, "times may go back in the log");
});

test("a clock far ahead spends nothing of today", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const now = host.clock.now();
  host.clock.advance(10 * 365 * 24 * HOUR);
  await host.fail("alice", phone.wrongCode(), 3);
  host.clock.set(now);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});
