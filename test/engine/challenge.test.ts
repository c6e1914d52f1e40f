/**
 * What the engine does around a challenge that somebody else judges: counted before, held
 * against the store once more after. What Duo itself says is tried with the method.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Challenge, ChallengeMethod, ChallengeOutcome } from "../../src/contracts/method.ts";
import { Fault } from "../../src/core/fault.ts";
import { compile } from "../../src/core/policy/decide.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { countersignFor } from "../../src/engine/countersign.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, type HostOptions, makeHost, person, START } from "./host.ts";
import { Phone } from "./phone.ts";

const APPROVED: ChallengeOutcome = { kind: "approved", detail: "push" };
const DENIED: ChallengeOutcome = { kind: "refused", reason: "denied" };
const DOWN = {
  kind: "unavailable",
  fault: new Fault("duo-unreachable", "nobody answers"),
  untouched: true,
  noAttempt: true,
} as const satisfies ChallengeOutcome;
/** Broken off once somebody had been asked. */
const CUT_OFF: ChallengeOutcome = { ...DOWN, untouched: false, noAttempt: false };

interface Scripted {
  readonly host: Host;
  readonly seen: Challenge[];
  /** What the service says from now on, or does. */
  says(outcome: ChallengeOutcome | (() => Promise<ChallengeOutcome>)): void;
}

async function scripted(
  t: TestContext,
  {
    failMode = "secure",
    ...options
  }: HostOptions & Pick<Partial<ChallengeMethod>, "failMode"> = {},
): Promise<Scripted> {
  let next: () => Promise<ChallengeOutcome> = async () => APPROVED;
  const seen: Challenge[] = [];
  const method: ChallengeMethod = {
    ...{ kind: "challenge", name: "duo-push", word: "push", failMode, shapes: ["push"] },
    ...{ setUp: "", needsSecret: true, enrollsAtLogin: true },
    isEnrolled: async (tx, user) =>
      (await tx.authenticators.findRemote(user, "duo-push")) !== undefined,
    nameOf: (user) => `${user}@example.org`,
    challenge: async (challenge) => {
      seen.push({ ...challenge, secret: Buffer.from(challenge.secret) });
      return next();
    },
    load: async () => undefined,
    check: async () => ({ clockOffset: 0 }),
  };
  const host = makeHost(t, { methods: [...methodsFor({}), method], ...options });
  await host.root.setMethodSecret("duo-push", "the secret");
  const says: Scripted["says"] = (outcome) => {
    next = typeof outcome === "function" ? outcome : async () => outcome;
  };
  return { host, seen, says };
}

/** A user who has approved once. */
async function enrolled(t: TestContext, options?: Parameters<typeof scripted>[1]) {
  const all = await scripted(t, options);
  assert.equal((await all.host.verify("alice", "push")).verdict, "accept");
  all.seen.length = 0;
  return all;
}

const told = async (host: Host, user: string, answer = "push") => {
  const { verdict, reason } = await host.verify(user, answer);
  return reason === undefined ? verdict : `${verdict} ${reason}`;
};

test("the prompt names what is offered, the same for everyone", async (t) => {
  const { host } = await scripted(t);
  for (const user of ["alice", "nobody", ""]) {
    const conversation = answers("000000");
    await host.root.verify(user, {}, conversation);
    assert.deepEqual(conversation.prompts, ["Verification code (or push): "]);
  }
});

test("whoever has nothing enrolls by passing once, and is enrolled then", async (t) => {
  const { host, seen } = await scripted(t);
  assert.equal(await told(host, "alice"), "accept");
  assert.equal(await told(host, "alice"), "accept");
  assert.deepEqual(
    seen.map(({ access, name, secret }) => [access, name, secret.toString()]),
    [
      ["enroll", "alice@example.org", "the secret"],
      ["challenge", "alice@example.org", "the secret"],
    ],
  );
  const { methods, status } = await host.root.showUser("alice");
  assert.deepEqual([status, methods.map(({ method }) => method)], ["active", ["duo-push"]]);
});

test("who has something else is not let in, whatever the service says", async (t) => {
  const { host, seen } = await scripted(t);
  await host.enroll("alice");
  assert.equal(await told(host, "alice"), "reject not-enrolled");
  // Another spelling may be the same account to the host.
  assert.equal(await told(host, "Alice"), "unenrolled not-enrolled");
  assert.deepEqual(new Set(seen.map(({ access }) => access)), new Set(["none"]));
});

test("who is disabled, or no account, is neither challenged nor let in", async (t) => {
  const { host, seen } = await enrolled(t);
  await host.root.disableUser("alice");
  assert.equal(await told(host, "alice"), "reject disabled");
  assert.equal(await told(host, "a/b"), "reject account-invalid");
  assert.deepEqual(
    seen.map(({ access }) => access),
    ["none", "none"],
  );
});

test("reset, disabled or enrolled otherwise while the phone rang: nobody is let in", async (t) => {
  const { host, says } = await enrolled(t);
  const meanwhile = (work: () => Promise<unknown>) => says(() => work().then(() => APPROVED));
  meanwhile(() => host.root.disableUser("alice"));
  assert.equal(await told(host, "alice"), "reject disabled");
  await host.root.enableUser("alice");
  meanwhile(() => host.root.reset("alice", "duo-push", silence));
  assert.equal(await told(host, "alice"), "reject not-enrolled");
  meanwhile(() => host.enroll("alice"));
  assert.equal(await told(host, "alice"), "reject not-enrolled");
});

test("a denied challenge keeps out, also whom the policy lets in without anything", async (t) => {
  const { host, says } = await scripted(t, { policy: { unenrolled: "allow" } });
  says(DENIED);
  assert.equal(await told(host, "alice"), "reject denied");
  says({ kind: "refused", reason: "not-enrolled" });
  assert.equal(await told(host, "alice"), "exempt unenrolled-allowed");
});

test("every challenge is counted before it is sent; throttled, nobody is asked", async (t) => {
  const { host, seen, says } = await enrolled(t);
  says(DENIED);
  for (let n = 0; n < 5; n++) assert.equal(await told(host, "alice"), "reject denied");
  assert.equal(await told(host, "alice"), "throttled too-many-failures");
  assert.equal(seen.length, 5);
  // Its own answers count with those of every other method.
  assert.equal(await told(host, "alice", "000000"), "throttled too-many-failures");
});

test("of a hundred challenges at once no more are sent than attempts are free", async (t) => {
  const { host, seen, says } = await enrolled(t);
  says(DENIED);
  const all = await Promise.all(Array.from({ length: 100 }, () => told(host, "alice")));
  assert.equal(all.filter((each) => each === "reject denied").length, 5);
  assert.equal(seen.length, 5);
});

test("success forgets the failures, and is one event in the log", async (t) => {
  const { host, says } = await enrolled(t);
  says(DENIED);
  await host.fail("alice", "push", 4);
  says(APPROVED);
  const [event, ...more] = await host.eventsOf(() => host.verify("alice", "push"));
  assert.deepEqual(more, []);
  assert.deepEqual(
    [event?.action, event?.verdict, event?.method, event?.detail],
    ["verify", "accept", "duo-push", "push"],
  );
  says(DENIED);
  assert.deepEqual(await host.fail("alice", "push", 5), Array(5).fill("reject"));
});

test("out of reach: unavailable with its cause, and no attempt was made", async (t) => {
  const { host, says } = await enrolled(t);
  says(DOWN);
  for (let n = 0; n < 20; n++) {
    const outcome = await host.verify("alice", "push");
    assert.deepEqual([outcome.verdict, outcome.reason], ["unavailable", "duo"]);
    assert.equal(outcome.fault?.code, "duo-unreachable");
  }
  says(APPROVED);
  assert.equal(await told(host, "alice"), "accept");
});

test("broken off after somebody was asked, the attempt counts", async (t) => {
  const { host, says } = await enrolled(t);
  says(CUT_OFF);
  for (let n = 0; n < 5; n++) assert.equal(await told(host, "alice"), "unavailable duo");
  assert.equal(await told(host, "alice"), "throttled too-many-failures");
});

test("fail mode safe lets in who is enrolled in this alone, and only untouched", async (t) => {
  const { host, says } = await enrolled(t, { failMode: "safe" });
  says(DOWN);
  const outcome = await host.verify("alice", "push");
  assert.deepEqual([outcome.verdict, outcome.reason], ["exempt", "duo-unreachable-allowed"]);
  assert.equal(outcome.fault?.code, "duo-unreachable");
  assert.equal((await host.audit()).at(-1)?.reason, "duo-unreachable-allowed");

  assert.equal(await told(host, "bob"), "unavailable duo", "nobody's first login");
  says(CUT_OFF);
  assert.equal(await told(host, "alice"), "unavailable duo", "somebody was asked");
  says(DOWN);
  await host.root.disableUser("alice");
  assert.equal(await told(host, "alice"), "unavailable duo", "disabled");
  await host.root.enableUser("alice");
  await host.enroll("alice");
  assert.equal(await told(host, "alice"), "unavailable duo", "has codes of their own");
});

test("fail mode safe opens to nobody who has another way in", async (t) => {
  const { host, says } = await enrolled(t, { failMode: "safe" });
  says(DOWN);
  const remote = (method: string) =>
    host.parts.store.transact((tx) =>
      tx.authenticators.addRemote({ id: method, user: "alice", method }, START),
    );
  await remote("duo-prompt");
  assert.equal(await told(host, "alice"), "unavailable duo", "another method of Duo's, not safe");
  await host.root.reset("alice", "duo-prompt", silence);
  assert.equal(await told(host, "alice"), "exempt duo-unreachable-allowed");
  await host.root.generateBackupCodes("alice", silence);
  assert.equal(await told(host, "alice"), "unavailable duo", "backup codes");
});

test("fail mode secure lets in nobody", async (t) => {
  const { host, says } = await enrolled(t);
  says(DOWN);
  assert.equal(await told(host, "alice"), "unavailable duo");
});

test("without its secret nothing is asked, and nobody is delayed by that", async (t) => {
  const { host, seen } = await scripted(t);
  const other = makeHost(t, { methods: host.parts.methods });
  for (let n = 0; n < 10; n++) assert.equal(await told(other, "alice"), "unavailable duo");
  await host.parts.store.transact(async (tx) =>
    tx.methodSecrets.set("duo-push", Buffer.from("not sealed by this key"), START),
  );
  for (let n = 0; n < 10; n++) {
    const { verdict, fault } = await host.root.verify("alice", {}, answers("push"));
    assert.deepEqual([verdict, fault?.code], ["unavailable", "sealed-corrupt"]);
  }
  assert.equal(seen.length, 0);
});

test("what is broken on this host is unavailable, no attempt, and no matter of a fail mode", async (t) => {
  const { host, says } = await enrolled(t, { failMode: "safe" });
  says(() => Promise.reject(new Fault("duo-unreachable", "made up")));
  for (let n = 0; n < 10; n++) assert.equal(await told(host, "alice"), "unavailable duo");
  says(APPROVED);
  assert.equal(await told(host, "alice"), "accept");
});

test("nothing is accepted that could not be recorded", async (t) => {
  const { host, says } = await enrolled(t);
  says(async () => {
    await host.parts.store.close();
    return APPROVED;
  });
  const { verdict } = await host.verify("alice", "push");
  assert.equal(verdict, "unavailable");
});

test("two first logins at once are both let in, and enroll once", async (t) => {
  const { host } = await scripted(t);
  const both = await Promise.all([told(host, "alice"), told(host, "alice")]);
  assert.deepEqual(both, ["accept", "accept"]);
  assert.equal((await host.root.showUser("alice")).methods.length, 1);
});

test("what was begun before there was anything to ask a code of is not confirmed after", async (t) => {
  const { host } = await scripted(t);
  const alice = host.as(person("alice"));
  const options = { method: "totp", ...DEFAULT_PARAMETERS };
  const begun = await alice.beginEnrollment("alice", options, silence);
  assert.equal(await told(host, "alice"), "accept");
  const intruder = new Phone(begun.secret, host.clock);
  assert.deepEqual(await alice.confirmEnrollment("alice", "totp", intruder.code()), {
    status: "not-begun",
  });
});

test("nor does a challenge enroll that was sent before", async (t) => {
  const { host, says } = await scripted(t);
  says(async () => {
    await host.enroll("alice");
    return APPROVED;
  });
  const alice = host.as(person("alice"));
  const { verdict } = await alice.enrollByChallenge("alice", "duo-push", {}, silence);
  assert.equal(verdict, "reject");
});

test("a method that is off still takes a code to be replaced", async (t) => {
  const { host } = await enrolled(t);
  const off = countersignFor({ ...host.parts, methods: methodsFor({}) }, person("alice"));
  const options = { method: "totp", ...DEFAULT_PARAMETERS };
  for (const change of [
    () => off.beginEnrollment("alice", options, answers("000000")),
    () => off.generateBackupCodes("alice", answers("000000")),
    () => off.reset("alice", undefined, answers("000000")),
  ]) {
    await assert.rejects(change, { code: "refused" });
  }
});

test("whoever approves under a name that is the user's no longer lets nobody in", async (t) => {
  const { host, says } = await enrolled(t);
  await host.root.setAlias("alice", "mallory");
  says(async () => {
    await host.root.setAlias("alice", "al");
    return APPROVED;
  });
  assert.equal(await told(host, "alice"), "reject not-enrolled");
});

test("to enroll beside a code takes a code first, and the service's own yes", async (t) => {
  const { host, seen, says } = await scripted(t);
  const { phone } = await host.enroll("alice");
  const alice = host.as(person("alice"));
  const enroll = (code: string) => alice.enrollByChallenge("alice", "duo-push", {}, answers(code));
  await assert.rejects(enroll("000000"), { code: "refused" });
  assert.equal(seen.length, 0);
  says(DENIED);
  assert.deepEqual(await enroll(phone.code()), {
    ...{ verdict: "reject", user: "alice", method: "duo-push" },
  });
  host.clock.advance(60_000);
  says(DOWN);
  await assert.rejects(enroll(phone.code()), { code: "duo-unreachable" });
  host.clock.advance(60_000);
  says(APPROVED);
  assert.equal((await enroll(phone.code())).verdict, "accept");
  assert.equal(seen.at(-1)?.access, "enroll");
  assert.equal(await told(host, "alice"), "accept");
  // Of what both are good for, the code goes on to be judged here.
  host.clock.advance(60_000);
  assert.equal(await told(host, "alice", phone.code()), "accept");
});

test("nobody enrolls another, nor in what is not set up", async (t) => {
  const { host } = await scripted(t);
  const bob = host.as(person("bob"));
  await assert.rejects(bob.enrollByChallenge("alice", "duo-push", {}, silence), {
    code: "not-permitted",
  });
  for (const method of ["duo-prompt", "totp", "backup-code"]) {
    await assert.rejects(host.root.enrollByChallenge("alice", method, {}, silence), {
      code: "usage",
    });
  }
});

test("an alias is the user's name at the service; only administrators set one", async (t) => {
  const { host, seen } = await scripted(t);
  await assert.rejects(host.as(person("alice")).setAlias("alice", "boss"), {
    code: "not-permitted",
  });
  for (const alias of ["", " a", "a\n", "a".repeat(257), "\u202ea"]) {
    await assert.rejects(host.root.setAlias("alice", alias), { code: "usage" });
  }
  assert.deepEqual(await host.root.setAlias("alice", "al@x.org"), { user: "alice", changed: true });
  await told(host, "alice");
  assert.equal(seen[0]?.name, "al@x.org");
  assert.equal((await host.root.showUser("alice")).alias, "al@x.org");
  await host.root.setAlias("alice", undefined);
  await told(host, "alice");
  assert.equal(seen[1]?.name, "alice@example.org");
});

test("a method's secret is an administrator's to set, and stands nowhere in the clear", async (t) => {
  const { host } = await scripted(t);
  await assert.rejects(host.as(person("alice")).setMethodSecret("duo-push", "mine"), {
    code: "not-permitted",
  });
  const sealed = await host.parts.store.read((view) => view.methodSecrets.find("duo-push"));
  assert.ok(sealed && !Buffer.from(sealed).includes("the secret"));
  assert.ok(!JSON.stringify(await host.audit()).includes("the secret"));
  // Sealed to its method: another's does not open in its place.
  await host.parts.store.transact((tx) =>
    tx.methodSecrets.set("duo-prompt", sealed ?? assert.fail(), START),
  );
  const { sealer } = host.parts;
  const cell = { table: "method_secrets", column: "sealed_secret", row: ["duo-prompt"] };
  assert.throws(() => sealer.open(sealed ?? assert.fail(), cell), { code: "sealed-corrupt" });
});

test("an approval covers the same terminal where a rule says so, and nobody is asked again", async (t) => {
  const rules = compile([{ say: "require", grace: 300 }]);
  const { host, seen, says } = await enrolled(t, { policy: { rules } });
  const session = "01234567-89ab-cdef-0123-456789abcdef.7.8";
  const origin = { service: "sudo", tty: "pts/1", session };
  const enter = () => host.root.verify("alice", origin, answers("push"));
  says(DENIED);
  assert.equal((await enter()).verdict, "reject");
  says(APPROVED);
  assert.deepEqual([(await enter()).reason, (await enter()).reason], [undefined, "grace-ticket"]);
  assert.equal(seen.length, 2);
  const made = (await host.audit()).at(-2);
  assert.match(made?.detail ?? "", /^push; grace until 2026-01-01T00:05:00/);
});

test("where an invitation is asked for, nobody enrolls with a service without one", async (t) => {
  const rules = compile([{ say: "require", methods: ["duo-push"], unenrolled: "invite" }]);
  const { host, seen } = await scripted(t, { policy: { rules } });
  assert.equal(await told(host, "alice"), "unenrolled enrollment-elsewhere");
  assert.deepEqual(
    seen.map(({ access }) => access),
    ["none"],
  );
  const alice = host.as(person("alice"));
  const alone = alice.enrollByChallenge("alice", "duo-push", {}, answers("0000000000000000"));
  await assert.rejects(alone, { code: "refused" });
  assert.equal(seen.length, 1, "the service was not asked");

  const { code } = await host.root.createInvitation("alice", {});
  const proven = { service: "sshd", enrolls: "ascii" } as const;
  const heard = answers(code, "push");
  assert.equal((await host.root.verify("alice", proven, heard)).verdict, "accept");
  assert.deepEqual(heard.prompts, ["Invitation code: ", "Verification code (or push): "]);
  assert.equal((await Array.fromAsync(host.root.listInvitations()))[0]?.status, "used");
  assert.equal(await told(host, "alice"), "accept");

  const bob = await host.root.createInvitation("bob", {});
  const invited = host.as(person("bob", 1_001));
  const outcome = await invited.enrollByChallenge("bob", "duo-push", {}, answers(bob.code));
  assert.equal(outcome.verdict, "accept");
  assert.equal((await Array.fromAsync(host.root.listInvitations("bob")))[0]?.status, "used");
});

test("nor at a service that asks for none, or that their own process makes up", async (t) => {
  const rules = compile([
    { say: "require", services: ["sshd"], unenrolled: "invite" },
    { say: "require", services: ["sudo"], unenrolled: "enroll" },
  ]);
  const { host, seen } = await scripted(t, { policy: { rules } });
  const alice = host.as(person("alice"));
  for (const origin of [
    { service: "made-up" },
    { service: "made-up", enrolls: "ascii" } as const,
  ]) {
    const { verdict } = await alice.verify("alice", origin, answers("push"));
    assert.equal(verdict, "unenrolled");
  }
  // Whoever has the password would enroll their own phone there, and come by sshd with it.
  const ftp = await host.root.verify("alice", { service: "ftp" }, answers("push"));
  assert.equal(ftp.verdict, "unenrolled");
  assert.deepEqual(new Set(seen.map(({ access }) => access)), new Set(["none"]));
  assert.equal(await told(host, "alice"), "unenrolled enrollment-elsewhere");
  const sudo = await host.root.verify("alice", { service: "sudo" }, answers("push"));
  assert.equal(sudo.verdict, "accept", "its own rule says so");
});
