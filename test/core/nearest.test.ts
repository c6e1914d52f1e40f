import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "../../src/core/nearest.ts";

const NAMES = ["enroll", "verify", "user list", "user unlock", "throttle.lockAfter"];

test("a slip of the pen finds the name meant", () => {
  assert.equal(nearest("enrol", NAMES)[0], "enroll");
  assert.equal(nearest("verfiy", NAMES)[0], "verify");
  assert.equal(nearest("VERIFY", NAMES)[0], "verify");
});

test("the last part of a name is enough, behind a dot or a space", () => {
  assert.equal(nearest("unlok", NAMES)[0], "user unlock");
  assert.equal(nearest("lockafter", NAMES)[0], "throttle.lockAfter");
});

test("what is like nothing finds nothing", () => {
  assert.deepEqual(nearest("qqqqqqqq", NAMES), []);
  assert.deepEqual(nearest("", NAMES), []);
});
