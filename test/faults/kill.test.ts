/** SIGKILL at random moments of every command that writes; the long run is test/campaigns/kill.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { killRounds } from "../campaigns/kill-rounds.ts";
import { needs } from "../support/parts.ts";

test("a kill leaves the old state or the new, and nothing between", needs("root"), async (t) => {
  const seed = Date.now() % 1_000_000;
  const options = { seconds: 15, seed, atOnce: 2, atWrites: true };
  for (const [name, figures] of await killRounds(t, options)) {
    assert.deepEqual(figures.failures, [], `${name}, seed ${seed}`);
    assert.ok(figures.killed > 0, `${name} was never killed`);
  }
});
