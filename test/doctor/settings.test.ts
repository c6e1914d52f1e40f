import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DEFAULTS, examineSettings } from "../../src/doctor/settings.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { sandbox } from "../files/sandbox.ts";
import { told } from "./findings.ts";

/** What is said of a settings file with this text. */
function say(t: TestContext, text?: string, isBegun = true): string[] {
  const path = join(sandbox(t), "countersign.json");
  if (text !== undefined) writeFileSync(path, text);
  const load = () => loadSettings({ settingsFile: path });
  const exists = () => text !== undefined;
  const findings = examineSettings({ path, load, isBegun: () => isBegun, exists });
  return told(findings).map((line) => line.replace(path, "FILE"));
}

test("good settings, and none", (t) => {
  assert.deepEqual(say(t, "{}"), ["ok FILE parses"]);
  assert.deepEqual(say(t), ["ok no FILE: the defaults hold"]);
});

test("a host where nothing is begun is told how to begin", (t) => {
  assert.deepEqual(say(t, undefined, false), ["warning nothing is set up yet"]);
});

test("what does not parse is a problem", (t) => {
  assert.deepEqual(say(t, '{"totp": {"windw": 1}}'), [
    "problem FILE: totp.windw: there is no such setting",
  ]);
  assert.match(say(t, "{")[0] ?? "", /^problem FILE: is not valid JSON/);
});

test("settings that undo the second factor are named", (t) => {
  const one = (text: string, pattern: RegExp) => {
    const lines = say(t, text);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", pattern);
  };
  one('{"policy": {"unenrolled": "allow"}}', /^warning policy.unenrolled is allow/);
  one('{"totp": {"window": 4}}', /^warning totp.window is 4: 9 codes/);
  one('{"throttle": {"freeFailures": 21}}', /^warning throttle.freeFailures is 21, by default 5/);
  one('{"throttle": {"longestDelay": 10}}', /^warning throttle.longestDelay is 10/);
  one('{"throttle": {"decay": 60}}', /^warning throttle.decay is 60/);
});

test("settings at the bound are well", (t) => {
  for (const text of [
    '{"totp": {"window": 3}}',
    '{"throttle": {"freeFailures": 20}}',
    '{"throttle": {"freeFailures": 100, "lockAfter": 10}}',
  ])
    assert.deepEqual(say(t, text), ["ok FILE parses"]);
});

test("the defaults compared with are the schema's", (t) => {
  const { throttle } = loadSettings({ settingsFile: join(sandbox(t), "none") });
  const { freeFailures, longestDelay, decay } = throttle;
  assert.deepEqual({ freeFailures, longestDelay, decay }, DEFAULTS);
});
