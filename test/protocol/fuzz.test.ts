/** Ten seconds of lines that are almost right; for longer: test/campaigns/fuzz.ts SECONDS SEED frames. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../campaigns/fuzz-run.ts";

test("the parser stands ten seconds of noise", async (t) => {
  const seed = Date.now() % 1_000_000_000;
  for (const [name, { tries, problems }] of await fuzz(t, { seconds: 10, seed, only: "frames" })) {
    assert.ok(tries > 10_000, `${tries} tries only`);
    assert.deepEqual([...problems], [], name);
  }
});
