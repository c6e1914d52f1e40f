/** Which rule decides: the first that matches, and against whoever is not known. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compile, decide, explain, type Subject } from "../../../src/core/policy/decide.ts";
import { demandsOn } from "../../../src/core/policy/demands.ts";
import type { Rule } from "../../../src/core/policy/rule.ts";
import { shadowed } from "../../../src/core/policy/shadowed.ts";
import { Concerns } from "../../../src/core/policy/strictest.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");

const ALICE: Subject = {
  user: "alice",
  groups: new Set(["staff", "audio"]),
  service: "sshd",
  rhost: "192.0.2.7",
  interactive: true,
};

const deciding = (rules: readonly Rule[], subject: Partial<Subject> = {}, now = NOW) =>
  decide(compile(rules), { ...ALICE, ...subject }, now)?.index;

const matches = (conditions: Omit<Rule, "say">, subject: Partial<Subject> = {}, now = NOW) =>
  (["require", "exempt"] as const).map(
    (say) => deciding([{ say, ...conditions }], subject, now) === 0,
  );

const [BOTH, NEITHER, REQUIRED] = [
  [true, true],
  [false, false],
  [true, false],
];

test("no rule decides where none matches, and the first where several do", () => {
  assert.equal(deciding([]), undefined);
  assert.equal(deciding([{ say: "exempt", users: ["bob"] }]), undefined);
  const rules: Rule[] = [
    { say: "require", users: ["bob"] },
    { say: "exempt", groups: ["staff"] },
    { say: "require" },
  ];
  assert.equal(deciding(rules), 1);
  assert.equal(deciding(rules, { groups: new Set() }), 2);
  assert.equal(deciding(rules, { user: "bob" }), 0);
});

test("sudo -i and su - are no way around a rule for sudo and su", () => {
  for (const [services, service] of [
    [["sudo"], "sudo-i"],
    [["cron", "su"], "su-l"],
  ] as const) {
    assert.deepEqual(matches({ services }, { service }), REQUIRED);
    assert.deepEqual(matches({ services: [service] }, { service }), BOTH);
    assert.deepEqual(matches({ services: [service] }, { service: services.at(-1) }), NEITHER);
  }
  assert.deepEqual(matches({ services: ["su"] }, { service: "sudo-i" }), NEITHER);
});

test("another spelling of a name counts against it", () => {
  for (const user of ["ALICE", "Alice", "\uff41lice"]) {
    assert.deepEqual(matches({ users: ["bob", "alice"] }, { user }), REQUIRED, user);
  }
  assert.deepEqual(matches({ users: ["Alice"] }), REQUIRED);
  assert.deepEqual(matches({ users: ["alic"] }), NEITHER);
});

test("outside a login a rule is about the same users as in one", () => {
  const policy = compile([
    { say: "require", users: ["Bob"], unenrolled: "invite" },
    { say: "exempt", users: ["Bob"] },
  ]);
  const concerns = new Concerns(policy);
  for (const [user, places] of [
    ["Bob", [0, 1]],
    ["bob", [0]],
    ["bo", []],
  ] as const) {
    assert.deepEqual(concerns.of(user, undefined), places, user);
    const [first] = demandsOn(policy, { user, groups: undefined }, "refuse", NOW, "in-force");
    assert.equal(first?.unenrolled, user === "bo" ? "refuse" : "invite", user);
  }
});

test("every condition must hold, and of a list one member", () => {
  assert.deepEqual(matches({}), BOTH);
  assert.deepEqual(matches({ users: ["bob", "alice"] }), BOTH);
  assert.deepEqual(matches({ users: [] }), NEITHER);
  assert.deepEqual(matches({ groups: ["wheel", "staff"] }), BOTH);
  assert.deepEqual(matches({ groups: ["wheel"] }), NEITHER);
  assert.deepEqual(matches({ services: ["sudo", "sshd"] }), BOTH);
  assert.deepEqual(matches({ services: ["sudo"] }), NEITHER);
  assert.deepEqual(matches({ networks: ["10.0.0.0/8", "192.0.2.0/24"] }), BOTH);
  assert.deepEqual(matches({ networks: ["10.0.0.0/8", "local"] }), NEITHER);
  assert.deepEqual(matches({ interactive: "yes" }), BOTH);
  assert.deepEqual(matches({ interactive: "no" }), NEITHER);
  assert.deepEqual(matches({ users: ["alice"], groups: ["wheel"] }), NEITHER);
});

test("local is a login that comes from no other host", () => {
  for (const rhost of ["", undefined]) {
    assert.deepEqual(matches({ networks: ["local"] }, { rhost }), BOTH);
    assert.deepEqual(matches({ networks: ["0.0.0.0/0", "::/0"] }, { rhost }), NEITHER);
  }
  assert.deepEqual(matches({ networks: ["local"] }, { rhost: "127.0.0.1" }), NEITHER);
});

test("what is not known matches what requires, and nothing that exempts", () => {
  assert.deepEqual(matches({ networks: ["10.0.0.0/8"] }, { rhost: "a.example.org" }), REQUIRED);
  assert.deepEqual(matches({ networks: ["local"] }, { rhost: "localhost" }), REQUIRED);
  assert.deepEqual(matches({ groups: ["wheel"] }, { groups: undefined }), REQUIRED);
  assert.deepEqual(matches({ interactive: "no" }, { interactive: undefined }), REQUIRED);
  assert.deepEqual(matches({ services: ["sudo"] }, { service: undefined }), REQUIRED);
});

test("a rule holds from its first moment to the one before its last", () => {
  const rule = { from: "2026-06-01", until: "2026-06-02T08:00Z" };
  const at = (text: string) => Date.parse(text);
  assert.deepEqual(matches(rule, {}, at("2026-05-31T23:59:59.999Z")), NEITHER);
  assert.deepEqual(matches(rule, {}, at("2026-06-01T00:00:00Z")), BOTH);
  assert.deepEqual(matches(rule, {}, at("2026-06-02T07:59:59.999Z")), BOTH);
  assert.deepEqual(matches(rule, {}, at("2026-06-02T08:00:00Z")), NEITHER);
});

test("what cannot be read is refused, with its place", () => {
  const bad: [Omit<Rule, "say">, string][] = [
    [{ networks: ["local", "10.0.0.1/8"] }, "networks.1"],
    [{ from: "tomorrow" }, "from"],
    [{ until: "2026-02-30" }, "until"],
    [{ until: "2026-06-01T08:00" }, "until"],
    [{ until: "2026-06-01T24:00Z" }, "until"],
  ];
  for (const [conditions, place] of bad) {
    assert.throws(() => compile([{ say: "exempt", ...conditions }]), { place });
  }
});

const name = fc.constantFrom("a", "b", "c");
const names = fc.uniqueArray(name, { maxLength: 3 });
const network = fc.constantFrom("local", "10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "::/0");
const moments = fc.constantFrom("2026-01-01", "2026-06-01", "2026-12-01");
const rule: fc.Arbitrary<Rule> = fc
  .record(
    {
      users: names,
      groups: names,
      services: names,
      networks: fc.uniqueArray(network, { maxLength: 3 }),
      interactive: fc.constantFrom("yes" as const, "no" as const),
      from: moments,
      until: moments,
    },
    { requiredKeys: [] },
  )
  .chain((conditions) =>
    fc.constantFrom("require" as const, "exempt" as const).map((say) => ({ say, ...conditions })),
  );
const subject: fc.Arbitrary<Subject> = fc.record({
  user: name,
  groups: fc.option(
    names.map((all) => new Set(all)),
    { nil: undefined },
  ),
  service: fc.option(name, { nil: undefined }),
  rhost: fc.constantFrom(undefined, "10.1.2.3", "10.2.0.1", "192.0.2.1", "2001:db8::1", "host"),
  interactive: fc.option(fc.boolean(), { nil: undefined }),
});
const now = fc.constantFrom("2025-06-01", "2026-03-01", "2026-09-01", "2027-01-01").map(Date.parse);

test("to take a rule away that matches nothing changes no decision", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), subject, now, (rules, who, at) => {
      const decision = decide(compile(rules), who, at);
      const { passed } = explain(compile(rules), who, at);
      assert.equal(passed.length, decision?.index ?? rules.length);
      const rest = rules.slice(decision?.index ?? rules.length);
      assert.deepEqual(decide(compile(rest), who, at)?.rule, decision?.rule);
    }),
    { numRuns: 3_000 },
  );
});

test("a shadowed rule never decides, and a twin of an earlier one is shadowed", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), subject, now, (rules, who, at) => {
      const decision = decide(compile(rules), who, at);
      assert.ok(shadowed(rules).every(({ index }) => index !== decision?.index));
    }),
    { numRuns: 5_000 },
  );
  fc.assert(
    fc.property(rule, (one) => {
      assert.deepEqual(shadowed([one, { say: "require", users: ["z"] }, one]), [
        { index: 2, by: 0 },
      ]);
    }),
  );
});
