/** Whether a change shuts every administrator out: none of them left who could pass. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRule } from "../../../src/core/policy/decide.ts";
import {
  type Administrator,
  lockOut,
  type PolicySettings,
} from "../../../src/core/policy/lock-out.ts";
import type { Rule } from "../../../src/core/policy/rule.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const ALL = ["sshd", "sudo", "su", "login"];

const administrator = (user: string, changes: Partial<Administrator> = {}): Administrator => ({
  ...{
    user,
    disabled: false,
    enrolledIn: [],
    hasEnrolled: false,
    enrollableIn: ["totp"],
    groups: new Set([user]),
  },
  ...changes,
});
const enrolled = { enrolledIn: ["totp", "backup-code"], hasEnrolled: true };
const ROOT = administrator("root");
const ANN = administrator("ann", { ...enrolled, groups: new Set(["sudo"]) });

const policy = (rules: readonly Rule[] = [], rest: Partial<PolicySettings> = {}) => ({
  ...{ enabled: "on" as const, unenrolled: "refuse" as const, rules },
  ...rest,
});

const from = (
  before: PolicySettings,
  after: PolicySettings,
  administrators: readonly Administrator[] = [ROOT, ANN],
) => lockOut(before, after, administrators, NOW);

test("a rule that nobody of them can meet shuts them out, where it holds", () => {
  const duo: Rule = { say: "require", methods: ["duo-push"] };
  assert.deepEqual(from(policy(), policy([duo])), { at: NOW, services: ALL });
  const atSudo = policy([{ ...duo, services: ["sudo", "cron"] }]);
  assert.deepEqual(from(policy(), atSudo), { at: NOW, services: ["sudo"] });
  const abroad = policy([{ ...duo, networks: ["0.0.0.0/0", "::/0"] }]);
  assert.equal(from(policy(), abroad), undefined, "from the host itself they still can");
  assert.equal(from(policy(), policy([{ ...duo, users: ["ann"] }, { say: "exempt" }])), undefined);
});

test("one who can still pass is enough", () => {
  const duo: Rule = { say: "require", methods: ["duo-push"] };
  assert.equal(from(policy(), policy([{ say: "exempt", users: ["root"] }, duo])), undefined);
  assert.equal(from(policy(), policy([{ say: "exempt", groups: ["sudo"] }, duo])), undefined);
  const totp: Rule = { say: "require", methods: ["totp"] };
  assert.equal(from(policy(), policy([totp])), undefined);
  const gentle: Rule = { ...duo, unenrolled: "allow" };
  assert.equal(from(policy(), policy([gentle])), undefined, "root has nothing enrolled");
  assert.notEqual(from(policy(), policy([gentle]), [ANN]), undefined, "ann has, elsewhere");
});

test("who is disabled, or not in the group, is none who can pass", () => {
  const after = policy([
    { say: "exempt", groups: ["sudo"] },
    { say: "require", methods: ["duo-push"] },
  ]);
  const shut = [{ ...ANN, disabled: true }, administrator("bob", { groups: undefined })];
  const [disabled, unknown] = shut;
  assert.ok(disabled && unknown);
  const before = policy([], { unenrolled: "allow" });
  assert.deepEqual(from(before, after, shut)?.services, ALL);
  assert.equal(from(before, before, shut), undefined);
});

test("what was so before is no fault of the change", () => {
  assert.equal(from(policy(), policy([{ say: "require" }]), [ROOT]), undefined);
  assert.equal(from(policy(), policy(), []), undefined);
});

test("switching off shuts nobody out; switching on, and refusing the unenrolled, may", () => {
  const off = policy([], { enabled: "off" });
  const allow = policy([], { unenrolled: "allow" });
  assert.equal(from(policy(), off, [ROOT]), undefined);
  assert.deepEqual(from(off, policy(), [ROOT])?.services, ALL);
  assert.deepEqual(from(allow, policy(), [ROOT])?.services, ALL);
  assert.equal(from(off, policy(), [ROOT, ANN]), undefined);
});

test("a moment to come at which it does so is told", () => {
  const later: Rule = { say: "require", methods: ["duo-push"], from: "2026-07-01" };
  const at = Date.parse("2026-07-01");
  assert.deepEqual(from(policy(), policy([later])), { at, services: ALL });
  const exempt: Rule = { say: "exempt", until: "2026-08-01" };
  const duo: Rule = { say: "require", methods: ["duo-push"] };
  const end = Date.parse("2026-08-01");
  assert.deepEqual(from(policy([exempt]), policy([exempt, duo])), { at: end, services: ALL });
  const over: Rule = { ...duo, until: "2026-05-01" };
  assert.equal(from(policy(), policy([over])), undefined);
});

test("sshd has no terminal yet: a rule of interactivity is held against whoever it refuses", () => {
  const duo: Rule = { say: "require", methods: ["duo-push"], interactive: "no" };
  assert.deepEqual(from(policy(), policy([duo]))?.services, ["sshd"]);
  const exempt: Rule = { say: "exempt", interactive: "no" };
  assert.deepEqual(
    from(policy(), policy([exempt, { say: "require", methods: ["duo-push"] }]))?.services,
    ALL,
  );
});

test("a rule that cannot be read is not judged", () => {
  const bad: Rule = { say: "exempt", networks: ["10.0.0.1/8"] };
  assert.throws(() => from(policy(), policy([bad])), InvalidRule);
});

test("who is only to be set up in the login is shut out, at once or by the date", () => {
  const gentle = policy([], { unenrolled: "allow" });
  for (const unenrolled of ["enroll", "invite"] as const) {
    assert.deepEqual(from(gentle, policy([], { unenrolled }), [ROOT]), { at: NOW, services: ALL });
    assert.equal(from(gentle, policy([], { unenrolled })), undefined, "ann is enrolled");
    const by = policy([{ say: "require", unenrolled, by: "2026-07-01" }]);
    const at = Date.parse("2026-07-01T00:00:00Z");
    assert.deepEqual(from(gentle, by, [ROOT]), { at, services: ALL });
    assert.equal(from(gentle, by), undefined);
  }
});

test("a date that cannot be read is told with its place", () => {
  const wrong = policy([{ say: "require" }, { say: "require", by: "2026-02-30" }]);
  assert.throws(
    () => from(policy(), wrong),
    (error) => error instanceof InvalidRule && error.index === 1 && error.place === "by",
  );
});
