/** A conversation that dies, is cancelled or says nothing never accepts, and counts as no attempt. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../src/contracts/conversation.ts";
import { Fault } from "../../src/core/fault.ts";
import { promptOf } from "../../src/engine/verify.ts";
import { fault } from "../files/sandbox.ts";
import { answers, dying, replies } from "./conversations.ts";
import { makeHost } from "./host.ts";

// yubico-pam, CVE-2011-4120: Ctrl-D was accepted.
for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
  test(`${kind}: rejected and recorded, and no attempt is counted`, async (t) => {
    const host = makeHost(t);
    const { phone } = await host.enroll("alice");
    for (let n = 0; n < 20; n++) {
      const events = await host.eventsOf(async () => {
        const outcome = await host.root.verify("alice", {}, replies({ kind }));
        assert.deepEqual(outcome, { verdict: "reject", user: "alice", reason: kind });
      });
      assert.deepEqual(
        events.map(({ verdict, reason }) => [verdict, reason]),
        [["reject", kind]],
      );
    }
    assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
  });
}

test("one that throws is recorded as ended, its error is passed on, and no attempt is counted", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "allow" } });
  const { phone } = await host.enroll("alice");
  for (const error of [new Error("EPIPE"), new Fault("no-terminal", "there is no terminal")]) {
    for (const user of ["alice", "nobody", "-x"]) {
      const events = await host.eventsOf(() =>
        assert.rejects(host.root.verify(user, {}, dying(error)), (thrown) => thrown === error),
      );
      assert.deepEqual(
        events.map(({ verdict, reason, user: whose }) => [verdict, reason, whose]),
        [["reject", "end-of-input", user]],
      );
    }
  }
  for (let n = 0; n < 10; n++) {
    await assert.rejects(host.root.verify("alice", {}, dying(new Error("EPIPE"))), /EPIPE/);
  }
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("one that throws while the store is broken too passes its own error on", async (t) => {
  const host = makeHost(t);
  await host.parts.store.close();
  await assert.rejects(host.root.verify("alice", {}, dying(new Error("EPIPE"))), /EPIPE/);
});

test("an empty answer is an answer: it is counted, and not accepted", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  assert.deepEqual(new Set(await host.fail("alice", "", 5)), new Set(["reject"]));
  assert.equal((await host.verify("alice", "")).verdict, "throttled");
});

test("exempt needs an answer as well: silence lets nobody in", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "allow" } });
  const silences: Reply[] = [
    { kind: "cancelled" },
    { kind: "end-of-input" },
    { kind: "timed-out" },
  ];
  for (const reply of silences) {
    assert.equal((await host.root.verify("bob", {}, replies(reply))).verdict, "reject");
  }
});

test("a verification asks once, without showing what is typed", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const conversation = answers(phone.wrongCode(), phone.code());
  const prompt = () => Promise.reject(new Error("it would be shown"));
  const outcome = await host.root.verify("alice", {}, { ...conversation, prompt });
  assert.equal(outcome.verdict, "reject");
  assert.deepEqual(conversation.prompts, [promptOf({ ...host.parts, methods: [] })]);
});

test("megabytes typed are one malformed answer", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const { verdict, reason } = await host.verify("alice", "1".repeat(16 * 1024 * 1024));
  assert.deepEqual([verdict, reason], ["reject", "malformed"]);
});

test("a fresh code that is not given ends the use case with one sentence", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const own = host.as({ uid: 1_000, login: "alice", ownsStore: false });
  const conversation = replies({ kind: "cancelled" });
  await assert.rejects(own.reset("alice", undefined, conversation), fault("refused"));
  assert.equal(conversation.said.length, 1);
});
