import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dayChart } from "../../src/terminal/chart.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 2, 13, 30);
const hourOf = (at: number) => new Date(at).getUTCHours();
const at = (hoursAgo: number) => Math.floor(NOW / HOUR) * HOUR - hoursAgo * HOUR;

test("a row for each verdict that occurred, on one scale, over the hours", () => {
  const tally = [
    { hour: at(0), verdict: "accept", count: 8 },
    { hour: at(1), verdict: "accept", count: 4 },
    { hour: at(23), verdict: "accept", count: 2 },
    { hour: at(1), verdict: "reject", count: 1 },
    { hour: at(24), verdict: "throttled", count: 9 },
  ];
  assert.deepEqual(dayChart(tally, NOW, { utf8: true, hourOf }), [
    "last day     up to 8 an hour",
    `accept       ▂▂${" ".repeat(42)}▄▄██  14`,
    `reject       ${" ".repeat(44)}▁▁    1`,
    "             ╵           ╵           ╵           ╵",
    "             14:00       20:00       02:00       08:00",
  ]);
  assert.equal(
    dayChart(tally, NOW, { utf8: false, hourOf })[1],
    `accept       ::${" ".repeat(42)}==##  14`,
  );
});

test("a day without verifications says so", () => {
  assert.deepEqual(dayChart([], NOW, { utf8: true }), ["No verification in the last 24 hours."]);
});

test("any tally: 80 columns hold, and ASCII is ASCII", () => {
  const tally = fc.array(
    fc.record({
      hour: fc.integer({ min: 0, max: 30 }).map(at),
      verdict: fc.oneof(fc.constantFrom("accept", "reject"), fc.string({ maxLength: 40 })),
      count: fc.integer({ min: 1, max: 1_000_000_000 }),
    }),
  );
  fc.assert(
    fc.property(tally, (entries) => {
      for (const line of dayChart(entries, NOW, { utf8: false, hourOf })) {
        assert.ok(line.length <= 80);
        assert.match(line, /^[\x20-\x7e]*$/);
      }
    }),
  );
});
