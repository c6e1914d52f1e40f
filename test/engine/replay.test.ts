/** One code, one login: what was accepted is never accepted again, however it is typed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHost, START } from "./host.ts";

test("a code is accepted once", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const code = phone.code();
  assert.deepEqual(await host.verify("alice", code), {
    ...{ verdict: "accept", user: "alice", method: "totp" },
  });
  assert.deepEqual(await host.verify("alice", code), {
    ...{ verdict: "reject", user: "alice", method: "totp", reason: "replayed" },
  });
});

// HashiCorp Vault, CVE-2025-6014.
test("white space does not make a used code new", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  const [code, backupCode = ""] = [phone.code(), backupCodes[0]];
  await host.verify("alice", code);
  await host.verify("alice", backupCode);
  const [left, right] = [code.slice(0, 3), code.slice(3)];
  for (const typed of [` ${code}`, `${code}\n`, `${left} ${right}`, `${left}\t${right}`]) {
    assert.equal((await host.verify("alice", typed)).verdict, "reject");
  }
  await host.root.unlockUser("alice");
  const lower = backupCode.toLowerCase();
  for (const typed of [
    lower,
    [...backupCode].join(" "),
    `${lower.slice(0, 5)}-${lower.slice(5)}`,
  ]) {
    assert.equal((await host.verify("alice", typed)).verdict, "reject");
  }
});

test("an older code is refused once a later one was accepted, though its time has not passed", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const [before, now, next] = [phone.code(-1), phone.code(), phone.code(1)];
  assert.equal((await host.verify("alice", now)).verdict, "accept");
  assert.equal((await host.verify("alice", before)).reason, "replayed");
  assert.equal((await host.verify("alice", next)).verdict, "accept");
  assert.equal((await host.verify("alice", now)).reason, "replayed");
});

test("a code has its time: a step early and late, and not a step more", async (t) => {
  for (const [steps, verdict] of [
    [-2, "reject"],
    [-1, "accept"],
    [0, "accept"],
    [1, "accept"],
    [2, "reject"],
  ] as const) {
    const host = makeHost(t);
    const { phone } = await host.enroll("alice");
    assert.equal((await host.verify("alice", phone.code(steps))).verdict, verdict, `${steps}`);
  }
});

test("a phone that loses a second a day is followed for as long as it loses two steps", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const verdicts: string[] = [];
  for (let day = 1; day <= 160; day++) {
    host.clock.set(START + day * 86_400_000 + 15_000);
    // A phone that is behind shows the code of a step before: by thirty days, one step.
    const behind = -Math.floor(day / 30);
    verdicts.push((await host.verify("alice", phone.code(behind))).verdict);
  }
  const lost = verdicts.indexOf("reject");
  assert.ok(verdicts.slice(0, 119).every((verdict) => verdict === "accept"));
  assert.equal(lost, 119, "four steps behind on day 120: drift two, and one step beside it");
});

test("a drift is forgotten as it was learned", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const tryAt = async (steps: number) => {
    host.clock.advance(600_000);
    return (await host.verify("alice", phone.code(steps))).verdict;
  };
  assert.equal(await tryAt(2), "reject", "nothing is learned yet");
  assert.equal(await tryAt(1), "accept");
  assert.equal(await tryAt(2), "accept");
  assert.equal(await tryAt(3), "accept");
  assert.equal(await tryAt(4), "reject", "never beyond");
  assert.equal(await tryAt(1), "accept");
  assert.equal(await tryAt(0), "accept");
  assert.equal(await tryAt(-1), "accept");
});

test("one user's code is nothing to another", async (t) => {
  const host = makeHost(t);
  const alice = await host.enroll("alice");
  const bob = await host.enroll("bob");
  assert.equal((await host.verify("alice", bob.phone.code())).verdict, "reject");
  assert.equal((await host.verify("alice", bob.backupCodes[0] ?? "")).verdict, "reject");
  assert.equal((await host.verify("bob", bob.phone.code())).verdict, "accept");
  assert.equal((await host.verify("alice", alice.phone.code())).verdict, "accept");
});
