import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DEFAULTS, examineSettings } from "../../src/doctor/settings.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { sandbox } from "../files/sandbox.ts";
import { told } from "./findings.ts";

const NOW = Date.parse("2026-06-01");

/** What is said of a settings file with this text. */
async function say(t: TestContext, text?: string, isBegun = true): Promise<string[]> {
  const path = join(sandbox(t), "countersign.json");
  if (text !== undefined) writeFileSync(path, text);
  const load = () => loadSettings({ settingsFile: path });
  const exists = () => text !== undefined;
  const findings = await examineSettings({
    ...{ path, load, exists, isBegun: () => isBegun, now: () => NOW },
    unknownGroups: async (names) => names.filter((name) => name !== "staff"),
    groupIds: async (names) => new Map(names.map((name, at) => [name, at + 1])),
  });
  return told(findings).map((line) => line.replace(path, "FILE"));
}

test("good settings, and none", async (t) => {
  assert.deepEqual(await say(t, "{}"), ["ok FILE parses"]);
  assert.deepEqual(await say(t), ["ok no FILE: the defaults hold"]);
});

test("a host where nothing is begun is told how to begin", async (t) => {
  assert.deepEqual(await say(t, undefined, false), ["warning nothing is set up yet"]);
});

test("what does not parse is a problem", async (t) => {
  assert.deepEqual(await say(t, '{"totp": {"windw": 1}}'), [
    "problem FILE: totp.windw: there is no such setting",
  ]);
  assert.match((await say(t, "{"))[0] ?? "", /^problem FILE: is not valid JSON/);
});

test("settings that undo the second factor are named", async (t) => {
  const one = async (text: string, pattern: RegExp) => {
    const lines = await say(t, text);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", pattern);
  };
  await one('{"policy": {"unenrolled": "allow"}}', /^warning policy.unenrolled is allow/);
  await one('{"totp": {"window": 4}}', /^warning totp.window is 4: 9 codes/);
  await one(
    '{"throttle": {"freeFailures": 21}}',
    /^warning throttle.freeFailures is 21, by default 5/,
  );
  await one('{"throttle": {"longestDelay": 10}}', /^warning throttle.longestDelay is 10/);
  await one('{"throttle": {"decay": 60}}', /^warning throttle.decay is 60/);
});

test("settings at the bound are well", async (t) => {
  for (const text of [
    '{"totp": {"window": 3}}',
    '{"throttle": {"freeFailures": 20}}',
    '{"throttle": {"freeFailures": 100, "lockAfter": 10}}',
  ])
    assert.deepEqual(await say(t, text), ["ok FILE parses"]);
});

test("a policy that is off, and rules that let pass for good or do nothing, are named", async (t) => {
  const rules = (...all: object[]) => JSON.stringify({ policy: { rules: all } });
  const open = { say: "exempt", users: ["backup"] };
  assert.deepEqual(await say(t, '{"policy": {"enabled": "off"}}'), [
    "warning the policy is off: everybody passes without a second factor",
  ]);
  assert.deepEqual(await say(t, rules(open, { say: "require", groups: ["staff"] }, open)), [
    "warning policy rules 1, 3: exempt without an end",
    "warning policy rule 3: can never decide, since an earlier rule takes all of it",
  ]);
  assert.deepEqual(await say(t, rules({ ...open, until: "2026-06-01" })), [
    "warning policy rule 1: over, and of no effect",
  ]);
  assert.deepEqual(await say(t, rules({ say: "require", groups: ["staff", "satff"] })), [
    "warning rules name groups that this host does not know: satff",
  ]);
  const many = Array.from({ length: 12 }, (_, at) => ({ ...open, users: [`robot${at}`] }));
  assert.deepEqual(await say(t, rules(...many)), [
    "warning policy rules 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more: exempt without an end",
  ]);
  assert.deepEqual(await say(t, rules({ ...open, until: "2026-06-02" })), ["ok FILE parses"]);
});

test("grace that is long, or of no effect, is named", async (t) => {
  const rule = (more: object) =>
    JSON.stringify({ policy: { rules: [{ say: "require", ...more }] } });
  assert.deepEqual(await say(t, rule({ services: ["sudo"], grace: 3600 })), ["ok FILE parses"]);
  assert.deepEqual(await say(t, rule({ grace: 3601 })), [
    "warning policy rule 1: one code covers more than an hour, also of a terminal that is left alone",
  ]);
  assert.deepEqual(await say(t, rule({ services: ["sshd"], grace: 60 })), [
    "warning policy rule 1: its grace is of no effect at sshd, which has no terminal yet",
  ]);
});

test("roles whose groups are gone, or others by now, are named", async (t) => {
  const role = (gid: number, over: number) =>
    JSON.stringify({
      roles: [{ group: "desk", gid, may: ["reset"], over: [{ group: "staff", gid: over }] }],
    });
  assert.deepEqual(await say(t, role(1, 2)), ["ok FILE parses"]);
  const lost = "warning the role of desk names groups that are gone, or others by now:";
  assert.deepEqual(await say(t, role(7, 2)), [`${lost} desk`]);
  assert.deepEqual(await say(t, role(1, 7)), [`${lost} staff`]);
  const without = role(1, 2).replace('"gid":1,', "");
  assert.match((await say(t, without))[0] ?? "", /^problem FILE: roles\.0: lacks gid/);
});

test("the defaults compared with are the schema's", async (t) => {
  const { throttle } = loadSettings({ settingsFile: join(sandbox(t), "none") });
  const { freeFailures, longestDelay, decay } = throttle;
  assert.deepEqual({ freeFailures, longestDelay, decay }, DEFAULTS);
});
