/** No request carries the date of the same request before it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SigningDates } from "../../src/duo/signing-date.ts";
import { SettableClock } from "../support/clock.ts";

test("a request within the same second is dated a second later, another one is not", () => {
  const clock = new SettableClock("2026-01-01T00:00:00.900Z");
  const dates = new SigningDates(clock);
  assert.equal(dates.next("poll"), "Thu, 01 Jan 2026 00:00:00 GMT");
  assert.equal(dates.next("poll"), "Thu, 01 Jan 2026 00:00:01 GMT");
  assert.equal(dates.next("other"), "Thu, 01 Jan 2026 00:00:00 GMT");
  clock.advance(200);
  assert.equal(dates.next("poll"), "Thu, 01 Jan 2026 00:00:02 GMT");
  clock.advance(10_000);
  assert.equal(dates.next("poll"), "Thu, 01 Jan 2026 00:00:11 GMT");
});

test("a clock that was set back is followed", () => {
  const clock = new SettableClock("2026-01-01T01:00:00Z");
  const dates = new SigningDates(clock);
  dates.next("poll");
  clock.set("2026-01-01T00:00:00Z");
  assert.equal(dates.next("poll"), "Thu, 01 Jan 2026 00:00:00 GMT");
});

test("dates of one request only grow, and never run far ahead", () => {
  const step = fc.record({ request: fc.constantFrom("a", "b"), wait: fc.nat(700) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new SettableClock("2026-01-01T00:00:00Z");
      const dates = new SigningDates(clock);
      const last = new Map<string, number>();
      for (const { request, wait } of steps) {
        clock.advance(wait);
        const date = Date.parse(dates.next(request));
        assert.ok(date > (last.get(request) ?? 0));
        assert.ok(date - clock.now() <= steps.length * 1000);
        last.set(request, date);
      }
    }),
  );
});
