/** Ten seconds of random input; the long run is test/campaigns/fuzz.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../campaigns/fuzz-run.ts";

test("no input at all makes anything but its meaning or a fault", async (t) => {
  const seed = Date.now() % 1_000_000_000;
  for (const [name, { tries, problems }] of await fuzz(t, { seconds: 10, seed })) {
    assert.ok(tries > 20, `${name} was tried ${tries} times only`);
    assert.deepEqual([...problems], [], name);
  }
});
