/** What `policy require` and `exempt` are told is what stands in the file, and what is read back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Parser } from "@oclif/core";
import fc from "fast-check";
import { exemptFlags, requireFlags, ruleFrom } from "../../src/commands/policy/rule-flags.ts";
import { ruleWords } from "../../src/commands/policy/rule-words.ts";
import { METHOD_NAMES } from "../../src/core/method-name.ts";
import type { Rule } from "../../src/core/policy/rule.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { changeSettings } from "../../src/settings/writer.ts";
import { sandbox } from "../files/sandbox.ts";
import { Home } from "../support/cli.ts";
import { succeed } from "./enrolled.ts";

const NOW = Date.parse("2026-06-01");

/** Names as hosts and directory services have them; none begins like a flag. */
const name = fc.stringMatching(/^[A-Za-z_äß][A-Za-z0-9_.$ @äß-]{0,12}[a-z0-9$]$/);
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4 });
const network = fc.oneof(
  fc.constant("local"),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("10.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.0/104"),
);
const moment = (from: string, to: string) =>
  fc
    .date({ min: new Date(from), max: new Date(to), noInvalidDate: true })
    .map((date) => date.toISOString())
    .chain((text) => fc.constantFrom(text.slice(0, 10), `${text.slice(0, 16)}Z`));
const conditions = {
  services: names,
  networks: fc.uniqueArray(network, { minLength: 1, maxLength: 4 }),
  interactive: fc.constantFrom("yes" as const, "no" as const),
  from: moment("2020-01-01", "2026-07-01"),
  until: moment("2026-07-03", "2099-01-01"),
};
const whom = fc.record({ users: names, groups: names }, { requiredKeys: [] });
const exempt = fc
  .tuple(whom, fc.record(conditions, { requiredKeys: [] }))
  .map(([who, rest]): Rule => ({ say: "exempt", ...who, ...rest }));
const demands = {
  methods: fc.uniqueArray(fc.constantFrom(...METHOD_NAMES), { minLength: 1 }),
  unenrolled: fc.constantFrom("refuse" as const, "allow" as const),
};
const require = fc
  .tuple(whom, fc.record({ ...conditions, ...demands }, { requiredKeys: [] }))
  .map(([who, rest]): Rule => ({ say: "require", ...who, ...rest }));
const rule = fc.oneof(exempt, require);

/** The words by which a person spells the rule. */
function spelled(rule: Rule): string[] {
  const each = (flag: string, all: readonly string[] = []) => all.flatMap((one) => [flag, one]);
  const one = (flag: string, value?: string) => (value === undefined ? [] : [flag, value]);
  return [
    ...each("--user", rule.users),
    ...each("--group", rule.groups),
    ...(rule.users || rule.groups ? [] : ["--everyone"]),
    ...each("--service", rule.services),
    ...each("--network", rule.networks),
    ...(rule.interactive
      ? [rule.interactive === "yes" ? "--interactive" : "--non-interactive"]
      : []),
    ...one("--from", rule.from),
    ...one("--until", rule.until),
    ...each("--method", rule.methods),
    ...one("--unenrolled", rule.unenrolled),
  ];
}

async function read({ say }: Rule, argv: readonly string[]): Promise<Rule> {
  const flags = say === "require" ? requireFlags : exemptFlags;
  const parsed = await Parser.parse([...argv], { flags, strict: true });
  return ruleFrom(say, parsed.flags, NOW);
}

test("a rule that was spelled is the rule that is read back", async (t) => {
  const scope = scopeOf({ uid: 1, env: { COUNTERSIGN_HOME: join(sandbox(t), "home") }, home: "/" });
  await fc.assert(
    fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 3 }), async (rules) => {
      const made = await Promise.all(rules.map((each) => read(each, spelled(each))));
      assert.deepEqual(made, rules);
      await changeSettings(scope, (writer) => writer.set("policy.rules", made));
      assert.deepEqual(loadSettings(scope).policy.rules, rules);
      for (const each of rules) assert.match(ruleWords(each), new RegExp(`^${each.say} \\S`));
    }),
    { numRuns: 150 },
  );
});

test("through the command itself, with names that need care", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const rules: Rule[] = [
    { say: "require", groups: ["domain users", "staff$"], services: ["gdm-password"] },
    { say: "exempt", users: ["jürgen", "a.b-c"], networks: ["::/0"], until: "2999-12-31T23:59Z" },
    { say: "require", interactive: "no", methods: ["totp"], unenrolled: "allow" },
  ];
  for (const [index, each] of rules.entries()) {
    const ended = await countersign(["policy", each.say, "--json", ...spelled(each)]);
    assert.deepEqual(JSON.parse(ended.stdout), { number: index + 1, ...each });
  }
  const scope = scopeOf({ uid: 1, env: { COUNTERSIGN_HOME: home.path }, home: "/" });
  assert.deepEqual(loadSettings(scope).policy.rules, rules);
});

test("of many changes at once none is lost", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const users = Array.from({ length: 12 }, (_, at) => `robot${at}`);
  const added = await Promise.all(
    users.map((user) =>
      countersign(["policy", "exempt", "--user", user, "--until", "2999-01-01", "--json"]),
    ),
  );
  assert.deepEqual(
    added.map(({ code }) => code),
    users.map(() => 0),
  );
  const numbers = added.map(({ stdout }) => JSON.parse(stdout).number);
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    users.map((_, at) => at + 1),
  );
  const shown = JSON.parse(await succeed(countersign, ["policy", "show", "--json"]));
  for (const [at, user] of users.entries()) {
    assert.deepEqual(shown.rules[numbers[at] - 1].users, [user]);
  }
  const removed = await Promise.all(users.map(() => countersign(["policy", "remove", "1"])));
  assert.equal(new Set(removed.map(({ stdout }) => stdout)).size, users.length);
  assert.deepEqual(JSON.parse(await succeed(countersign, ["policy", "show", "--json"])).rules, []);
});

test("two hundred writers at once: what each wrote is there, once", async (t) => {
  const scope = scopeOf({ uid: 1, env: { COUNTERSIGN_HOME: join(sandbox(t), "home") }, home: "/" });
  const all = Array.from({ length: 200 }, (_, at): Rule => ({ say: "exempt", users: [`u${at}`] }));
  await Promise.all(
    all.map((each) =>
      changeSettings(scope, (writer) => {
        const before = (writer.get("policy.rules") ?? []) as Rule[];
        writer.set("policy.rules", [...before, each]);
      }),
    ),
  );
  const users = loadSettings(scope).policy.rules.flatMap((each) => each.users ?? []);
  assert.deepEqual(users.toSorted(), all.flatMap((each) => each.users ?? []).toSorted());
});
