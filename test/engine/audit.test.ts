/** Every outcome leaves exactly one event, with what happened, and nothing a log must not hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRecord } from "../../src/core/audit-chain.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { answers, replies, silence } from "./conversations.ts";
import { type Host, makeHost, person, ROOT } from "./host.ts";

const OPTIONS = { method: "totp", ...DEFAULT_PARAMETERS };

/** The one event that `work` leaves, without its place in the chain. */
async function eventOf(host: Host, work: () => Promise<unknown>): Promise<Partial<AuditRecord>> {
  const [event, ...more] = await host.eventsOf(work);
  assert.ok(event);
  assert.deepEqual(more, []);
  const { sequence: _, hash: __, previousHash: ___, ...what } = event;
  return what;
}

const NOTHING = {
  ...{ user: "alice", verdict: null, reason: null, method: null, service: null },
  ...{ rhost: null, tty: null, caller: "0:root", detail: null },
};

test("each verdict of a verification is one event with its reason", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  const origin = { service: "sshd", rhost: "192.0.2.1", tty: "pts/0" };
  const cases: readonly (readonly [string, string, string, string | null, string | null])[] = [
    ["alice", phone.code(), "accept", null, "totp"],
    ["alice", phone.code(), "reject", "replayed", "totp"],
    ["alice", backupCodes[0] ?? "", "accept", null, "backup-code"],
    ["alice", backupCodes[0] ?? "", "reject", "replayed", "backup-code"],
    ["alice", phone.wrongCode(), "reject", "wrong-code", "totp"],
    ["alice", "0000000000", "reject", "wrong-code", "backup-code"],
    ["alice", "push", "reject", "no-such-method", null],
    ["alice", "", "reject", "malformed", null],
    ["alice", phone.code(1), "throttled", "too-many-failures", null],
    ["bob", "123456", "unenrolled", "not-enrolled", null],
    ["-x", "123456", "unenrolled", "not-enrolled", null],
  ];
  for (const [user, answer, verdict, reason, method] of cases) {
    const event = await eventOf(host, () => host.root.verify(user, origin, answers(answer)));
    const expected = { action: "verify", at: host.clock.now(), user, verdict, reason, method };
    assert.deepEqual(event, { ...NOTHING, ...origin, ...expected });
  }
});

test("what ends without an answer, or is exempt or disabled, is one event as well", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "allow" } });
  await host.enroll("alice");
  const verify = (user: string, conversation = answers("123456")) =>
    eventOf(host, () => host.root.verify(user, {}, conversation));
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    const { verdict, reason } = await verify("alice", replies({ kind }));
    assert.deepEqual([verdict, reason], ["reject", kind]);
  }
  const exempt = await verify("bob");
  assert.deepEqual([exempt.verdict, exempt.reason], ["exempt", "unenrolled-allowed"]);
  await host.root.disableUser("alice");
  assert.equal((await verify("alice")).reason, "disabled");
});

test("every other use case is one event", async (t) => {
  const host = makeHost(t);
  const { root } = host;
  const at = { at: host.clock.now() };
  const begun = await eventOf(host, () => root.beginEnrollment("alice", OPTIONS, silence));
  assert.deepEqual(begun, { ...NOTHING, ...at, action: "enroll-begin", method: "totp" });
  const refused = await eventOf(host, () => root.confirmEnrollment("alice", "totp", "nonsense"));
  const wrong = { verdict: "reject", reason: "wrong-code", method: "totp" };
  assert.deepEqual(refused, { ...NOTHING, ...at, action: "enroll-confirm", ...wrong });
  const cancelled = await eventOf(host, () => root.cancelEnrollment("alice", "totp"));
  assert.deepEqual(cancelled, { ...NOTHING, ...at, action: "enroll-cancel", method: "totp" });

  await host.enroll("alice");
  const confirmed = (await host.audit()).at(-1);
  assert.deepEqual([confirmed?.action, confirmed?.verdict], ["enroll-confirm", "accept"]);
  for (const [action, detail, use] of [
    ["backup-codes-generate", null, () => root.generateBackupCodes("alice", silence)],
    ["backup-codes-revoke", "10", () => root.revokeBackupCodes("alice", silence)],
    ["user-disable", null, () => root.disableUser("alice")],
    ["user-enable", null, () => root.enableUser("alice")],
    ["reset", null, () => root.reset("alice", undefined, silence)],
  ] as const) {
    const event = await eventOf(host, use);
    assert.deepEqual(event, { ...NOTHING, at: host.clock.now(), action, detail });
  }
  await host.fail("alice", "000000", 1);
  assert.equal((await eventOf(host, () => root.unlockUser("alice"))).action, "user-unlock");
  const set = await eventOf(host, () => root.recordSetting("settings-set", "issuer"));
  assert.deepEqual([set.action, set.user, set.detail], ["settings-set", null, "issuer"]);
});

test("what changes nothing is no event", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const events = await host.eventsOf(async () => {
    await host.root.enableUser("alice");
    await host.root.unlockUser("alice");
    await host.root.showUser("alice");
    await host.root.backupCodeStatus("alice");
    await host.root.status(0);
  });
  assert.deepEqual(events, []);
});

test("a person's own act names them, and the code it took is an event of its own", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "allow" } });
  const { phone } = await host.enroll("alice");
  const events = await host.eventsOf(() =>
    host.as(person("alice", 1_234)).reset("alice", "totp", answers(phone.code())),
  );
  assert.deepEqual(
    events.map(({ action, caller, service }) => [action, caller, service]),
    [
      ["verify", "1234:alice", "countersign"],
      ["reset", "1234:alice", null],
    ],
  );
});

const EVIL = "\u001b[2Jx\r\nforged\u0000\u202e\u009b\ud800\u2028";

test("control characters of anything from outside are stripped, and the chain still holds", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const origin = { service: EVIL, rhost: EVIL, tty: EVIL };
  const door = host.as({ ...ROOT, login: EVIL });
  await door.verify(`alice${EVIL}`, origin, answers(EVIL));
  await door.verify("bob", { service: "s".repeat(10_000), rhost: "" }, answers("123456"));
  await door.recordSetting("settings-set", EVIL);
  await door.reset("alice", EVIL, silence);
  await door.confirmEnrollment("alice", EVIL, "123456");
  await door.cancelEnrollment("alice", EVIL);
  const clean = "[2Jxforged";
  const [verified, long, setting, reset] = (await host.audit()).slice(2);
  const fields = [verified?.user, verified?.service, verified?.rhost, verified?.tty];
  assert.deepEqual(fields, [`alice${clean}`, clean, clean, clean]);
  assert.equal(verified?.caller, `0:${clean}`);
  assert.deepEqual([long?.service?.length, long?.rhost], [128, null]);
  assert.equal(setting?.detail, clean);
  assert.equal(reset?.method, clean);
  assert.equal((await host.root.verifyAudit()).intact, true);
});

test("the log proves itself, and a kept head shows a cut-off end", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  await host.fail("alice", "", 3);
  const whole = await host.root.verifyAudit();
  assert.ok(whole.intact && whole.events === 5);
  assert.deepEqual(await host.root.verifyAudit([whole.head]), whole);
  const later = { sequence: 9, hash: "0".repeat(64) };
  const cutOff = { intact: false, sequence: 6, fault: "cut-off" };
  assert.deepEqual(await host.root.verifyAudit([later]), cutOff);
  const other = { sequence: 2, hash: "0".repeat(64) };
  assert.deepEqual(await host.root.verifyAudit([other]), {
    intact: false,
    sequence: 2,
    fault: "altered",
  });
});
