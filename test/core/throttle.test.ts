/** The numbers of the throttle: when a delay begins, how it grows, where it ends, how it fades. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  DEFAULT_THROTTLE,
  decayed,
  delayAfter,
  failureCeiling,
  LOCKED_FOREVER,
  throttledUntil,
} from "../../src/core/throttle.ts";

test("by default the fifth failure costs 2 s, and each further one twice as much, up to 5 min", () => {
  const delays = Array.from({ length: 16 }, (_, failures) =>
    delayAfter(failures, DEFAULT_THROTTLE),
  );
  const seconds = delays.map((delay) => delay / 1000);
  assert.deepEqual(seconds, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
});

test("counting ends where the delay grows no more, so that it fades as soon as it grew", () => {
  assert.equal(failureCeiling(DEFAULT_THROTTLE), 13);
  assert.equal(delayAfter(12, DEFAULT_THROTTLE), 256_000);
  assert.equal(delayAfter(13, DEFAULT_THROTTLE), DEFAULT_THROTTLE.longestDelay);
  assert.equal(failureCeiling({ ...DEFAULT_THROTTLE, lockAfter: 50 }), 50);
  assert.equal(failureCeiling({ ...DEFAULT_THROTTLE, longestDelay: 1_000 }), 5);
});

test("no number of failures makes a delay that is no number", () => {
  for (const failures of [0, 35, 1_000, 1_100, Number.MAX_SAFE_INTEGER]) {
    const delay = delayAfter(failures, { ...DEFAULT_THROTTLE, longestDelay: 1e12 });
    assert.ok(Number.isSafeInteger(delay) && delay >= 0);
  }
});

test("a quarter of an hour without a failure forgives one", () => {
  const after = (minutes: number) => decayed(6, 0, minutes * 60_000, DEFAULT_THROTTLE);
  assert.deepEqual([0, 14.99, 15, 30, 89, 90, 9_000].map(after), [6, 6, 5, 4, 1, 0, 0]);
  assert.equal(decayed(6, 60_000, 0, DEFAULT_THROTTLE), 6, "a step back forgives nothing");
});

test("a lock is for ever, and only where it was chosen", () => {
  const locking = { ...DEFAULT_THROTTLE, lockAfter: 10 };
  assert.equal(throttledUntil(9, 0, locking), 32_000);
  assert.equal(throttledUntil(10, 0, locking), LOCKED_FOREVER);
  assert.equal(throttledUntil(1_000, 0, DEFAULT_THROTTLE), 300_000);
  assert.ok(!Number.isNaN(new Date(LOCKED_FOREVER).getTime()));
});

const policies = fc.record({
  freeFailures: fc.integer({ min: 1, max: 100 }),
  firstDelay: fc.integer({ min: 1, max: 3_600_000 }),
  longestDelay: fc.integer({ min: 1, max: 86_400_000 }),
  decay: fc.integer({ min: 1, max: 86_400_000 }),
  lockAfter: fc.integer({ min: 0, max: 1_000 }),
});

test("under any policy delays only grow, up to the longest, and the ceiling has the longest", () => {
  fc.assert(
    fc.property(policies, fc.nat({ max: 2_000 }), (policy, failures) => {
      const delay = delayAfter(failures, policy);
      assert.ok(delay <= delayAfter(failures + 1, policy));
      assert.ok(delay <= policy.longestDelay);
      assert.equal(delay === 0, failures < policy.freeFailures);
      assert.equal(delayAfter(failureCeiling(policy), policy), policy.longestDelay);
    }),
  );
});

test("under any policy failures fade to nothing, and never below", () => {
  const failures = fc.nat({ max: 1_000 });
  fc.assert(
    fc.property(policies, failures, fc.nat(), (policy, count, quiet) => {
      const left = decayed(count, 0, quiet, policy);
      assert.ok(left >= 0 && left <= count);
      assert.ok(decayed(count, 0, quiet + policy.decay, policy) <= left);
      assert.equal(decayed(count, 0, count * policy.decay, policy), 0);
    }),
  );
});
