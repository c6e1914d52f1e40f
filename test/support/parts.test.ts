import assert from "node:assert/strict";
import { test } from "node:test";
import { lacks, needs } from "./parts.ts";

/** With the environment's CI set to `value` while `work` runs. */
function withCi<T>(value: string, work: () => T): T {
  const before = process.env.CI;
  process.env.CI = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env.CI;
    else process.env.CI = before;
  }
}

test("what is there is not lacking", () => {
  assert.equal(lacks("sh"), undefined);
  assert.deepEqual(needs("sh"), {});
});

test("what is not there skips the test, and names itself", () => {
  const { skip } = withCi("", () => needs("sh", "no-such-program"));
  assert.equal(skip, "no-such-program is not installed");
});

test("with CI=true what is not there fails the test", () => {
  withCi("true", () => assert.throws(() => needs("no-such-program"), /no-such-program/));
});
