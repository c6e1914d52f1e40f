/** Who has nothing enrolled: refused, unless the setting lets them pass, and never in another's name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silence } from "./conversations.ts";
import { MINUTE, makeHost } from "./host.ts";

const ALLOW = { policy: { unenrolled: "allow" } } as const;

test("without a setting, whoever has nothing enrolled is refused as unenrolled", async (t) => {
  const host = makeHost(t);
  for (const answer of ["123456", "00000-00000", "", "nonsense"]) {
    const { verdict, reason } = await host.verify("alice", answer);
    assert.deepEqual([verdict, reason], ["unenrolled", "not-enrolled"]);
  }
});

test("with it, they pass as exempt, however often, and no delay gathers", async (t) => {
  const host = makeHost(t, ALLOW);
  for (let n = 0; n < 20; n++) {
    const { verdict, reason } = await host.verify("alice", n % 2 ? "" : "123456");
    assert.deepEqual([verdict, reason], ["exempt", "unenrolled-allowed"]);
  }
});

test("whoever is enrolled must pass, setting or not", async (t) => {
  const host = makeHost(t, ALLOW);
  const { phone } = await host.enroll("alice");
  assert.equal((await host.verify("alice", phone.wrongCode())).verdict, "reject");
  assert.equal((await host.verify("alice", "")).verdict, "reject");
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("another spelling of an enrolled name never passes", async (t) => {
  const host = makeHost(t, ALLOW);
  const { phone } = await host.enroll("alice");
  for (const name of ["Alice", "ALICE", "ａｌｉｃｅ", "al ice"]) {
    assert.equal((await host.verify(name, phone.code())).verdict, "unenrolled", name);
  }
});

test("what is no account name never passes", async (t) => {
  const host = makeHost(t, ALLOW);
  for (const name of ["", "-x", "a:b", "a/b", " bob", "bob\n", "b\ufffdb", "x".repeat(300), ".."]) {
    const { verdict } = await host.verify(name, "123456");
    assert.equal(verdict, "unenrolled", JSON.stringify(name));
    await host.parts.store.transact((tx) => tx.attempts.clear(""));
  }
});

test("a disabled user never passes, nor does another spelling of the name", async (t) => {
  const host = makeHost(t, ALLOW);
  const { phone } = await host.enroll("alice");
  await host.root.disableUser("alice");
  assert.equal((await host.verify("alice", phone.code())).reason, "disabled");
  assert.equal((await host.verify("Alice", phone.code())).reason, "disabled");
  await host.root.reset("alice", undefined, silence);
  assert.equal((await host.verify("alice", "123456")).reason, "disabled");
  assert.equal((await host.verify("ALICE", "123456")).reason, "disabled");
});

test("who has begun and not confirmed is not enrolled yet", async (t) => {
  const host = makeHost(t, ALLOW);
  const options = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
  await host.root.beginEnrollment("alice", options, silence);
  assert.equal((await host.verify("alice", "")).verdict, "exempt");
});

test("passing as exempt does not clear another's failures", async (t) => {
  const host = makeHost(t, ALLOW);
  const { phone } = await host.enroll("alice");
  await host.fail("alice", phone.wrongCode(), 4);
  await host.verify("Alice", "123456");
  assert.equal((await host.verify("alice", phone.code())).verdict, "throttled");
  host.clock.advance(MINUTE);
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("after a reset they pass or are refused as anybody who never enrolled", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  assert.deepEqual(await host.root.reset("alice", undefined, silence), {
    ...{ user: "alice", authenticators: 1, backupCodes: 10 },
  });
  for (const answer of [phone.code(), backupCodes[0] ?? ""]) {
    assert.equal((await host.verify("alice", answer)).verdict, "unenrolled");
  }
  const again = await host.enroll("alice");
  assert.equal((await host.verify("alice", phone.code())).verdict, "reject", "the old secret");
  assert.equal((await host.verify("alice", again.phone.code())).verdict, "accept");
});
