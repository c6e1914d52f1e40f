import assert from "node:assert/strict";
import { test } from "node:test";
import { momentFrom } from "../../src/commands/moment.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

test("a time is a day, a minute, what our documents print, or so long ago", () => {
  const read = (text: string) => new Date(momentFrom("since", text, NOW)).toISOString();
  assert.equal(read("2026-11-01"), "2026-11-01T00:00:00.000Z");
  assert.equal(read("2026-11-01T08:30Z"), "2026-11-01T08:30:00.000Z");
  assert.equal(read("2026-11-01T08:30:15.123Z"), "2026-11-01T08:30:15.123Z");
  assert.deepEqual(["90m", "24h", "7d"].map(read), [
    "2026-11-22T10:30:00.000Z",
    "2026-11-21T12:00:00.000Z",
    "2026-11-15T12:00:00.000Z",
  ]);
  for (const bad of [
    "",
    "0h",
    "7",
    "-1d",
    "yesterday",
    "2026-02-30",
    "2026-13-01T00:00:00Z",
    "1w",
  ]) {
    assert.throws(
      () => momentFrom("since", bad, NOW),
      { code: "usage", message: /--since: / },
      bad,
    );
  }
});
