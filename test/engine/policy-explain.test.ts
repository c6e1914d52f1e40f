/** What `policy explain` says of a login is what that login then meets, whatever the rules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { VerifyOutcome } from "../../src/contracts/service.ts";
import { compile } from "../../src/core/policy/decide.ts";
import { lockOut } from "../../src/core/policy/lock-out.ts";
import type { Outlook } from "../../src/core/policy/outlook.ts";
import { type Rule, UNENROLLED } from "../../src/core/policy/rule.ts";
import { DEFAULT_THROTTLE } from "../../src/core/throttle.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, makeHost, person } from "./host.ts";

const HOUR = 3_600_000;
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  alice: ["staff"],
  bob: ["staff", "robots"],
  carol: [],
};

const some = (...values: string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const conditions = {
  users: some("alice", "bob", "carol", "dora", "Alice"),
  groups: some("staff", "robots"),
  services: some("sshd", "sudo"),
  networks: some("local", "10.0.0.0/8", "::/0"),
  interactive: fc.constantFrom("yes" as const, "no" as const),
  from: fc.constantFrom("2025-01-01", "2026-02-01"),
  until: fc.constantFrom("2025-01-01", "2026-02-01", "2027-01-01"),
  methods: some("totp", "backup-code", "duo-push"),
  unenrolled: fc.constantFrom(...UNENROLLED),
};
/** With few conditions, so that many a rule decides. */
const rule: fc.Arbitrary<Rule> = fc
  .tuple(
    fc.constantFrom("require" as const, "exempt" as const),
    fc.subarray(Object.keys(conditions) as (keyof typeof conditions)[], { maxLength: 3 }),
    fc.record(conditions),
    fc.constantFrom(undefined, undefined, "2025-01-01", "2027-01-01"),
  )
  .map(([say, keys, all, by]) => ({
    say,
    ...(by && say === "require" ? { by } : {}),
    ...Object.fromEntries(keys.map((key) => [key, all[key]])),
  }));
const origin = fc.record(
  {
    service: fc.constantFrom("sshd", "sudo", "cron"),
    rhost: fc.constantFrom("", "10.1.1.1", "192.0.2.1", "2001:db8::1", "host.example.org"),
    tty: fc.constantFrom("", "ssh", "pts/1"),
  },
  { requiredKeys: [] },
);
const user = fc.constantFrom("alice", "Alice", "bob", "carol", "dora");
const policy = fc.record({
  enabled: fc.constantFrom(true, true, true, false),
  unenrolled: fc.constantFrom(...UNENROLLED),
  rules: fc.array(rule, { maxLength: 4 }),
});

/** alice and carol are enrolled, carol and dora disabled, bob and another Alice have nothing. */
async function crowd(host: Host) {
  const { phone } = await host.enroll("alice");
  for (const name of ["carol", "dora"]) await host.enroll(name);
  await host.root.reset("dora", undefined, silence);
  for (const name of ["carol", "dora"]) await host.root.disableUser(name);
  return phone;
}

const EXPECTED: Readonly<Record<Outlook, string>> = {
  "policy-off": "exempt policy-off",
  exempt: "exempt rule-exempt",
  asked: "accept",
  "let-in": "exempt unenrolled-allowed",
  reminded: "exempt unenrolled-until",
  // Nothing says that the first factor is right.
  enroll: "unenrolled enrollment-elsewhere",
  invite: "unenrolled enrollment-elsewhere",
  unenrolled: "unenrolled not-enrolled",
  disabled: "reject disabled",
};

const told = ({ verdict, reason }: VerifyOutcome) => (reason ? `${verdict} ${reason}` : verdict);

test("explained as it is decided", async (t) => {
  const host = makeHost(t);
  const phone = await crowd(host);
  const seen = new Set<Outlook>();
  await fc.assert(
    fc.asyncProperty(policy, user, origin, async (settings, who, from) => {
      // Hours later: the next code is a new one, and what failed is forgiven.
      host.clock.advance(6 * HOUR);
      const service = host.with({
        policy: {
          ...settings,
          rules: compile(settings.rules),
          throttle: { ...DEFAULT_THROTTLE, freeFailures: 100 },
        },
        groupsOf: async (name) => (GROUPS[name] ? new Set(GROUPS[name]) : undefined),
      });
      const { outlook, enrolledIn } = await service.explainPolicy(who, from);
      seen.add(outlook);
      const isUnasked = outlook === "policy-off" || outlook === "exempt";
      const isByPhone = outlook === "asked" && enrolledIn.includes("totp");
      const conversation = isUnasked ? silence : answers(isByPhone ? phone.code() : "000000");
      const outcome = await service.verify(who, from, conversation);
      if (outlook === "asked" && !isByPhone) assert.equal(outcome.verdict, "reject");
      else if (outlook === "unenrolled") assert.equal(outcome.verdict, outlook);
      else assert.equal(told(outcome), EXPECTED[outlook]);
    }),
    { numRuns: 400 },
  );
  assert.deepEqual([...seen].sort(), Object.keys(EXPECTED).sort(), "each was met");
});

test("foreseen as it is decided: whom a change shuts out, a login refuses after it", async (t) => {
  const host = makeHost(t);
  const phone = await crowd(host);
  const before = { enabled: "off" as const, unenrolled: "refuse" as const, rules: [] };
  await fc.assert(
    fc.asyncProperty(policy, user, async (settings, who) => {
      host.clock.advance(6 * HOUR);
      const groups = GROUPS[who] ? new Set(GROUPS[who]) : undefined;
      const service = host.with({
        policy: {
          ...settings,
          rules: compile(settings.rules),
          throttle: { ...DEFAULT_THROTTLE, freeFailures: 100 },
        },
        groupsOf: async () => groups,
      });
      const after = { ...settings, enabled: settings.enabled ? ("on" as const) : ("off" as const) };
      const stands = { ...(await service.standing(who)), groups };
      const now = host.clock.now();
      const found = lockOut(before, after, [stands], now);
      const isOut = found?.at === now && found.services.includes("sudo");
      const from = { service: "sudo", tty: "pts/1" };
      const { outlook } = await service.explainPolicy(who, from);
      const answer = outlook === "asked" ? phone.code() : "000000";
      const { verdict } = await service.verify(who, from, answers(answer));
      assert.equal(isOut, verdict === "unenrolled" || outlook === "disabled", outlook);
    }),
    { numRuns: 300 },
  );
});

test("how a user stands is told to administrators alone, and of names that can be", async (t) => {
  const host = makeHost(t);
  await crowd(host);
  const anybody = { enrollableIn: ["totp"] };
  assert.deepEqual(await host.root.standing("alice"), {
    ...anybody,
    ...{ user: "alice", disabled: false, enrolledIn: ["totp", "backup-code"], hasEnrolled: true },
  });
  assert.deepEqual(await host.root.standing("Alice"), {
    ...anybody,
    ...{ user: "Alice", disabled: false, enrolledIn: [], hasEnrolled: true },
  });
  assert.deepEqual(await host.root.standing("bob"), {
    ...anybody,
    ...{ user: "bob", disabled: false, enrolledIn: [], hasEnrolled: false },
  });
  const alice = host.as(person("alice"));
  await assert.rejects(alice.standing("alice"), { code: "not-permitted" });
  await assert.rejects(alice.standing("bob"), { code: "not-permitted" });
  await assert.rejects(host.root.standing("a/b"), { code: "account-invalid" });
});
