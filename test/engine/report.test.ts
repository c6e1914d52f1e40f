/** The audit of the accounts: what it finds is what logins meet, and it says what it cannot know. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { ChallengeMethod } from "../../src/contracts/method.ts";
import type { FindingKind, ReportFinding, ReportQuery } from "../../src/contracts/report.ts";
import { Fault } from "../../src/core/fault.ts";
import { compile } from "../../src/core/policy/decide.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { silence } from "./conversations.ts";
import { type Host, type HostOptions, makeHost, person } from "./host.ts";

const DAY = 86_400_000;

async function reported(
  host: Pick<Host, "root" | "clock">,
  query: Partial<ReportQuery> = {},
): Promise<ReportFinding[]> {
  const now = host.clock.now();
  const asked = { unusedSince: now - 90 * DAY, failuresSince: now - DAY, ...query };
  const elements = await Array.fromAsync(host.root.auditReport(asked));
  return elements.flatMap((each) => ("finding" in each ? each.finding : []));
}

/** Of one kind: user, and what else tells them apart. */
function of(kind: FindingKind, findings: readonly ReportFinding[]) {
  return findings.filter((each) => each.kind === kind);
}

const users = (kind: FindingKind, findings: readonly ReportFinding[]) =>
  of(kind, findings).map(({ user }) => user);

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  staff: ["alice", "bob", "eve"],
  robots: ["bob", "robot"],
};
const membersOf: HostOptions["membersOf"] = async ([group = ""]) => {
  const members = MEMBERS[group];
  if (!members) throw new Fault("not-found", `this host has no group ${group}`);
  return new Set(members);
};
const groupsOf: HostOptions["groupsOf"] = async (user) =>
  new Set(Object.keys(MEMBERS).filter((group) => MEMBERS[group]?.includes(user)));

const ruled = (t: TestContext, rules: readonly Rule[], options: HostOptions = {}) =>
  makeHost(t, {
    ...{ membersOf, groupsOf, ...options },
    policy: { rules: compile(rules), ...options.policy },
  });

test("who must pass and has nothing that counts, in the store or named by a rule", async (t) => {
  const host = ruled(t, [
    { say: "exempt", users: ["robot"], networks: ["10.0.0.0/8"], until: "2027-01-01" },
    { say: "require", groups: ["staff"], services: ["sshd"], methods: ["duo-push"] },
    { say: "require", groups: ["staff"], unenrolled: "allow" },
    { say: "require", users: ["dora", "a/b"] },
    { say: "require", groups: ["gone"] },
  ]);
  await host.enroll("alice");
  await host.enroll("carol");
  await host.enroll("frank");
  await host.root.reset("frank", undefined, silence);
  await host.enroll("grace");
  await host.root.disableUser("grace");
  const found = await reported(host, { sections: ["unenrolled"] });
  assert.deepEqual(
    of("unenrolled", found).map(({ user, rule, detail, violation }) => [
      user,
      rule,
      detail,
      violation,
    ]),
    [
      ["alice", 2, "refused at sshd", true],
      ["frank", undefined, "refused at sshd, sudo, su, login", true],
      ["bob", 2, "refused at sshd", true],
      ["dora", 4, "refused at sshd, sudo, su, login", true],
      ["eve", 2, "refused at sshd", true],
    ],
  );
  assert.deepEqual(
    of("unknown", found).map(({ detail }) => detail),
    [
      "users whom getent passwd does not list, and no rule names, are not looked at",
      "who is in gone: this host does not tell",
    ],
  );
});

test("whoever could log in must pass, named by no rule and never here before", async (t) => {
  const policy = { rules: compile([{ say: "require", services: ["cron"] }]) };
  const host = makeHost(t, { policy, hostLogins: async () => new Set(["alice", "bob", "carol"]) });
  await host.enroll("alice");
  await host.enroll("bob");
  await host.root.disableUser("bob");
  const found = await reported(host, { sections: ["unenrolled"] });
  assert.deepEqual(
    of("unenrolled", found).map(({ user, violation }) => [user, violation]),
    [["carol", true]],
  );
});

test("whom the policy lets in without a code is told so", async (t) => {
  const host = ruled(t, [{ say: "require", groups: ["staff"], unenrolled: "allow" }]);
  const found = await reported(host, { sections: ["unenrolled"] });
  assert.ok(
    of("unenrolled", found).every(({ detail }) =>
      detail?.startsWith("let in without a code at sshd"),
    ),
  );
  assert.deepEqual(users("unenrolled", found), ["alice", "bob", "eve"]);
});

test("who is no user of the host has no groups that could spare them", async (t) => {
  const rules: Rule[] = [{ say: "require", groups: ["staff"], unenrolled: "allow" }];
  const host = ruled(t, rules, {
    unknownUsers: async (names) => names.filter((name) => name === "zoe"),
  });
  await host.root.setAlias("zoe", "z");
  const zoe = (await reported(host, { sections: ["unenrolled"] })).find(
    ({ user }) => user === "zoe",
  );
  assert.equal(zoe?.detail, "let in without a code at sshd, sudo, su, login; no user of this host");
});

const some = (...values: string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const conditions = {
  users: some("alice", "bob", "carol", "dora"),
  groups: some("staff", "robots"),
  services: some("sshd", "cron"),
  networks: some("local", "10.0.0.0/8", "10.0.0.0/9", "2001:db8::/32"),
  interactive: fc.constantFrom("yes" as const, "no" as const),
  until: fc.constantFrom("2025-01-01", "2027-01-01"),
  methods: some("totp", "backup-code"),
  unenrolled: fc.constantFrom("refuse" as const, "allow" as const),
};
const rule: fc.Arbitrary<Rule> = fc
  .tuple(
    fc.constantFrom("require" as const, "exempt" as const),
    fc.subarray(Object.keys(conditions) as (keyof typeof conditions)[], { maxLength: 3 }),
    fc.record(conditions),
  )
  .map(([say, keys, all]) => ({ say, ...Object.fromEntries(keys.map((key) => [key, all[key]])) }));

test("any policy: found is exactly who meets a refusal, or is let in with nothing", async (t) => {
  const host = ruled(t, []);
  await host.enroll("alice");
  await host.root.revokeBackupCodes("alice", silence);
  await host.enroll("dora");
  await host.root.disableUser("dora");
  const origins = ["sshd", "sudo", "cron"].flatMap((service) =>
    ["", "10.1.1.1", "10.200.1.1", "192.0.2.1", "2001:db8::1", "host.example.org"].flatMap(
      (rhost) => ["", "ssh", "pts/1"].map((tty) => ({ service, rhost, tty })),
    ),
  );
  const policy = fc.record({
    unenrolled: fc.constantFrom("refuse" as const, "allow" as const),
    rules: fc.array(rule, { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(policy, async ({ unenrolled, rules }) => {
      const root = host.with({ policy: { unenrolled, rules: compile(rules) } });
      // Cron is looked at where a rule names it.
      const tried = origins.filter(
        ({ service }) =>
          service !== "cron" || rules.some(({ services }) => services?.includes("cron")),
      );
      const found = await reported({ root, clock: host.clock }, { sections: ["unenrolled"] });
      for (const user of ["alice", "bob", "dora"]) {
        const told = await Promise.all(
          tried.map(async (origin) => ({ ...origin, ...(await root.explainPolicy(user, origin)) })),
        );
        const isSparedAt = (at: string) =>
          told.some(
            ({ service, say, rule, rules }) =>
              service === at &&
              say === "exempt" &&
              rule !== undefined &&
              (rules[rule]?.users ?? rules[rule]?.groups) !== undefined,
          );
        const lacks = told.some(
          ({ outlook, service }) =>
            outlook === "let-in" || (outlook === "unenrolled" && !isSparedAt(service)),
        );
        // bob has never been here: only a rule can bring him in.
        const isSeen =
          user !== "bob" ||
          rules.some(({ users, groups }) => users?.includes("bob") || groups !== undefined);
        assert.equal(users("unenrolled", found).includes(user), lacks && isSeen, user);
      }
    }),
    { numRuns: 60 },
  );
});

test("of networks within one another, what is left of the wider one is tried as well", async (t) => {
  const everyone = { say: "require", networks: ["10.0.0.0/8"] } as const;
  const host = ruled(t, [
    { ...everyone, networks: ["10.0.0.0/9"], methods: ["totp"] },
    { ...everyone, methods: ["duo-push"] },
  ]);
  await host.enroll("alice");
  const { outlook } = await host.root.explainPolicy("alice", {
    service: "sshd",
    rhost: "10.200.0.1",
  });
  assert.equal(outlook, "unenrolled");
  const found = await reported(host, { sections: ["unenrolled"] });
  assert.deepEqual(
    of("unenrolled", found).map(({ user, rule }) => [user, rule]),
    [["alice", 2]],
  );
});

test("stale, never used, few backup codes and throttled, each as of now", async (t) => {
  const host = ruled(t, []);
  const { phone, backupCodes } = await host.enroll("alice");
  await host.enroll("bob");
  await host.enroll("carol");
  await host.root.disableUser("carol");
  await host.verify("alice", phone.code());
  for (const code of backupCodes.slice(0, 8)) await host.verify("alice", code);
  host.clock.advance(40 * DAY);
  await host.enroll("dora");
  await host.fail("bob", "000000", 6);
  const stale = host.clock.now() - 30 * DAY;
  const found = await reported(host, { unusedSince: stale });
  assert.deepEqual(users("stale", found), ["alice", "bob"]);
  assert.deepEqual(users("never-used", found), ["bob", "dora"]);
  assert.deepEqual(
    of("few-backup-codes", found).map(({ user, count }) => [user, count]),
    [["alice", 2]],
  );
  assert.deepEqual(users("throttled", found), ["bob"]);
  assert.ok(found.every(({ violation }) => !violation));
  const asked = await reported(host, { unusedSince: stale, sections: ["stale"] });
  assert.deepEqual(
    asked.map(({ kind, violation }) => [kind, violation]),
    Array(2).fill(["stale", true]),
  );
});

test("exemptions that are not over, with how many pass by them; the open-ended violate", async (t) => {
  const host = ruled(t, [
    { say: "exempt", groups: ["robots"], services: ["cron"] },
    { say: "exempt", users: ["alice"], until: "2026-06-01" },
    { say: "exempt", users: ["alice"], until: "2025-06-01" },
    { say: "require" },
  ]);
  await host.enroll("alice");
  const found = of("exempt", await reported(host, { sections: ["exempt"] }));
  assert.deepEqual(
    found.map(({ rule, count, violation, detail }) => [rule, count, violation, detail]),
    [
      [1, 2, true, "without end"],
      [2, 1, false, "until 2026-06-01"],
    ],
  );
});

test("users who are one at Duo: by alias, by template, in any case", async (t) => {
  const nameOf = (user: string) => `${user}@example.org`;
  const push: ChallengeMethod = {
    ...{ kind: "challenge", name: "duo-push", word: "push", failMode: "secure", shapes: ["push"] },
    ...{ setUp: "", needsSecret: true, enrollsAtLogin: true },
    ...{ isEnrolled: async () => false, nameOf, load: async () => undefined },
    check: async () => ({ clockOffset: 0 }),
    challenge: async () => ({ kind: "refused", reason: "denied" }),
  };
  const host = ruled(t, [], { methods: [...methodsFor({}), push] });
  for (const user of ["alice", "bob", "Carol", "carol", "dora", "eve"]) {
    await host.root.setAlias(user, "x");
    await host.root.setAlias(user, undefined);
  }
  await host.root.setAlias("bob", "ALICE@example.org");
  await host.root.setAlias("dora", "dora@example.com");
  const found = await reported(host, { sections: ["shared-names"] });
  assert.deepEqual(
    of("shared-name", found).map(({ name, user, violation }) => [name, user, violation]),
    [
      ["carol@example.org", "Carol", true],
      ["carol@example.org", "carol", true],
      ["alice@example.org", "alice", true],
      ["alice@example.org", "bob", true],
    ],
  );
  const none = await reported(ruled(t, []), { sections: ["shared-names"] });
  assert.deepEqual(none, []);
});

test("failures are counted by user and by source, from a time on, the most first", async (t) => {
  const host = ruled(t, []);
  const fail = (user: string, rhost: string, answer = "000000") =>
    host.root.verify(
      user,
      { service: "sshd", rhost },
      {
        ...silence,
        promptSecret: async () => ({ kind: "text", text: answer }),
      },
    );
  await fail("old", "192.0.2.9");
  host.clock.advance(2 * DAY);
  for (const user of ["a", "b", "b"]) await fail(user, "192.0.2.1");
  await fail("b", "");
  const found = await reported(host, { sections: ["failures"] });
  assert.deepEqual(
    of("failures-of-user", found).map(({ user, count }) => [user, count]),
    [
      ["b", 3],
      ["a", 1],
    ],
  );
  assert.deepEqual(
    of("failures-from", found).map(({ name, count }) => [name, count]),
    [
      ["192.0.2.1", 3],
      ["this host", 1],
    ],
  );
});

test("a policy that is off violates itself; nobody but root may look", async (t) => {
  const host = ruled(t, [], { policy: { enabled: false } });
  assert.deepEqual(
    (await reported(host, { sections: ["throttled"] })).map(({ kind }) => kind),
    ["policy-off"],
  );
  const own = host.as(person("alice"));
  await assert.rejects(reported({ root: own, clock: host.clock }), { code: "not-permitted" });
});
