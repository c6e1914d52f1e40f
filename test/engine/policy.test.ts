/** The policy's rules, as a login meets them; which rule it is, test/core/policy says. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { compile } from "../../src/core/policy/decide.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, makeHost, person } from "./host.ts";

function hostWith(t: TestContext, rules: readonly Rule[], groups?: readonly string[]): Host {
  return makeHost(t, {
    policy: { rules: compile(rules) },
    groupsOf: async () => (groups ? new Set(groups) : undefined),
  });
}

const told = async (host: Host, user: string, answer: string) => {
  const { verdict, reason } = await host.verify(user, answer);
  return reason === undefined ? verdict : `${verdict} ${reason}`;
};

test("who is exempt passes unasked, and the log names the rule", async (t) => {
  const host = hostWith(t, [{ say: "require", users: ["bob"] }, { say: "exempt" }]);
  const outcome = await host.root.verify("alice", { service: "sshd" }, silence);
  assert.deepEqual(outcome, { verdict: "exempt", user: "alice", reason: "rule-exempt" });
  const event = (await host.audit()).at(-1);
  assert.deepEqual(
    [event?.verdict, event?.reason, event?.detail],
    ["exempt", "rule-exempt", "rule 2"],
  );
  assert.equal(await told(host, "bob", "000000"), "unenrolled not-enrolled");
});

test("who is disabled, or no account, is exempt by no rule", async (t) => {
  const host = hostWith(t, [{ say: "exempt" }]);
  await host.enroll("alice");
  await host.root.disableUser("alice");
  assert.equal(await told(host, "alice", ""), "reject disabled");
  assert.equal(await told(host, "a/b", ""), "reject account-invalid");
});

test("another spelling of a name is no way around a rule, or around being disabled", async (t) => {
  const except = hostWith(t, [{ say: "require", users: ["alice"] }, { say: "exempt" }]);
  await except.enroll("alice");
  assert.equal(await told(except, "ALICE", "000000"), "unenrolled not-enrolled");
  assert.equal(await told(except, "bob", ""), "exempt rule-exempt");

  const all = hostWith(t, [{ say: "exempt" }]);
  for (const user of ["alice", "Bob"]) await all.enroll(user);
  for (const user of ["alice", "Bob"]) await all.root.disableUser(user);
  assert.equal(await told(all, "ALICE", ""), "reject disabled");
  // Where the host has both, each is as it was switched.
  await all.enroll("bob");
  assert.equal(await told(all, "bob", ""), "exempt rule-exempt");
});

test("without a matching rule an enrolled user must pass, and another is refused", async (t) => {
  const host = hostWith(t, [{ say: "exempt", services: ["cron"] }]);
  const { phone } = await host.enroll("alice");
  assert.equal(await told(host, "alice", phone.wrongCode()), "reject wrong-code");
  assert.equal(await told(host, "alice", phone.code()), "accept");
  assert.equal(await told(host, "bob", "000000"), "unenrolled not-enrolled");
});

test("groups count where a rule names them, and unknown ones let nobody pass", async (t) => {
  const rules: Rule[] = [{ say: "exempt", groups: ["robots"] }];
  assert.equal(await told(hostWith(t, rules, ["robots"]), "r", ""), "exempt rule-exempt");
  assert.equal(await told(hostWith(t, rules, ["people"]), "r", ""), "unenrolled not-enrolled");
  assert.equal(await told(hostWith(t, rules), "r", ""), "unenrolled not-enrolled");
});

test("groups are not looked up where no rule names them", async (t) => {
  const host = makeHost(t, {
    policy: { rules: compile([{ say: "exempt", users: ["bob"] }]) },
    groupsOf: () => Promise.reject(new Error("looked up")),
  });
  assert.equal(await told(host, "alice", "000000"), "unenrolled not-enrolled");
});

test("a rule's methods are the only ones that count, offered or typed", async (t) => {
  const host = hostWith(t, [{ say: "require", methods: ["backup-code"] }]);
  const { phone, backupCodes } = await host.enroll("alice");
  assert.equal(await told(host, "alice", phone.code()), "reject no-such-method");
  assert.equal(await told(host, "alice", backupCodes[0] ?? ""), "accept");
});

test("who has nothing that counts is let in by no rule that lets in the unenrolled", async (t) => {
  const rules: Rule[] = [{ say: "require", methods: ["duo-push"], unenrolled: "allow" }];
  const host = hostWith(t, rules);
  const { phone } = await host.enroll("alice");
  assert.equal(await told(host, "alice", phone.code()), "unenrolled not-enrolled");
  assert.equal(await told(host, "bob", "000000"), "exempt unenrolled-allowed");
});

test("a rule says what becomes of the unenrolled, in place of the setting", async (t) => {
  const host = hostWith(t, [
    { say: "require", services: ["sudo"], unenrolled: "refuse" },
    { say: "require", unenrolled: "allow" },
  ]);
  const at = async (service: string) =>
    (await host.root.verify("alice", { service }, answers("000000"))).verdict;
  assert.deepEqual([await at("sudo"), await at("sshd")], ["unenrolled", "exempt"]);
});

test("switched off, everybody passes, and every login says so", async (t) => {
  const host = makeHost(t, { policy: { enabled: false } });
  await host.enroll("alice");
  await host.root.disableUser("alice");
  for (const user of ["alice", "bob"]) {
    const [event] = await host.eventsOf(() => host.root.verify(user, {}, silence));
    assert.deepEqual([event?.verdict, event?.reason, event?.user], ["exempt", "policy-off", user]);
  }
});

test("no rule lets anybody change an authenticator without a code", async (t) => {
  for (const policy of [{ rules: compile([{ say: "exempt" }]) }, { enabled: false }]) {
    const host = makeHost(t, { policy });
    await host.enroll("alice");
    const alice = host.as(person("alice"));
    await assert.rejects(alice.reset("alice", undefined, answers("000000")), { code: "refused" });
    await assert.rejects(alice.generateBackupCodes("alice", answers("000000")), {
      code: "refused",
    });
  }
});

test("a store that cannot record exempts nobody", async (t) => {
  const host = hostWith(t, [{ say: "exempt" }]);
  await host.parts.store.close();
  assert.equal((await host.root.verify("alice", {}, silence)).verdict, "unavailable");
});

test("explain says what a login then meets", async (t) => {
  const rules: Rule[] = [
    { say: "exempt", networks: ["10.0.0.0/8"] },
    { say: "require", groups: ["staff"], methods: ["totp"], unenrolled: "allow" },
  ];
  const host = hostWith(t, rules, ["staff"]);
  await host.enroll("alice");
  const origin = { service: "sshd", rhost: "192.0.2.1" };
  assert.deepEqual(await host.root.explainPolicy("alice", origin), {
    ...{ user: "alice", enabled: true, passed: ["network"], say: "require", rule: 1 },
    ...{
      rules,
      methods: ["totp"],
      unenrolled: "allow",
      enrolledIn: ["totp"],
      hasEnrolled: true,
      outlook: "asked",
    },
    groups: ["staff"],
  });
  const inside = await host.root.explainPolicy("alice", { ...origin, rhost: "10.1.1.1" });
  assert.deepEqual([inside.say, inside.rule, inside.passed], ["exempt", 0, []]);
  const { verdict } = await host.root.verify("alice", { rhost: "10.1.1.1" }, silence);
  assert.equal(verdict, "exempt");
  await assert.rejects(host.as(person("alice")).explainPolicy("alice", origin), {
    code: "not-permitted",
  });
});
