/** What is to be known of a rule besides what it says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rule } from "../../../src/core/policy/rule.ts";
import { statesOf } from "../../../src/core/policy/state.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const state = (rule: Rule) => statesOf([rule], NOW)[0];

test("a rule has not begun, holds, or is over, at the moment it says", () => {
  const time = (from?: string, until?: string) =>
    state({ say: "require", ...(from ? { from } : {}), ...(until ? { until } : {}) })?.time;
  assert.equal(time(), "in-force");
  assert.equal(time("2026-06-01T12:00Z"), "in-force");
  assert.equal(time("2026-06-01T12:01Z"), "not-yet");
  assert.equal(time(undefined, "2026-06-01T12:00Z"), "over");
  assert.equal(time(undefined, "2026-06-01T12:01Z"), "in-force");
  assert.equal(time("2027-01-01", "2026-01-01"), "over");
});

test("an exemption without an end is open-ended, and nothing else is", () => {
  assert.equal(state({ say: "exempt" })?.isOpenEnded, true);
  assert.equal(state({ say: "exempt", from: "2026-01-01" })?.isOpenEnded, true);
  assert.equal(state({ say: "exempt", until: "2027-01-01" })?.isOpenEnded, false);
  assert.equal(state({ say: "require" })?.isOpenEnded, false);
});

test("a rule that never decides is told with the one that takes all of it", () => {
  const rules: Rule[] = [
    { say: "exempt", users: ["a", "b"] },
    { say: "exempt", users: ["a"] },
    { say: "require", users: ["b"] },
    { say: "require", users: ["a", "c"] },
  ];
  const never = statesOf(rules, NOW).map(({ neverDecides }) => neverDecides);
  assert.deepEqual(never, [
    undefined,
    { by: 0, contradicts: false },
    { by: 0, contradicts: true },
    undefined,
  ]);
});
