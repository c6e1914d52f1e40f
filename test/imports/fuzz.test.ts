/** Every format, damaged at random: a minute each in CI, and two seconds elsewhere. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { IMPORTS } from "../campaigns/fuzz-imports.ts";

const seconds = process.env.CI === "true" ? 60 : 2;

// All at once, each in a thread of its own: the minutes are shared.
describe("no file makes an importer break its promises", { concurrency: true }, () => {
  for (const name of Object.keys(IMPORTS)) {
    test(name, async () => {
      const workerData = { name, seconds, seed: Date.now() % 1_000_000_000 };
      const worker = new Worker(new URL("fuzz-worker.ts", import.meta.url), { workerData });
      const [{ tries, problems }] = await once(worker, "message");
      assert.deepEqual(problems, [], "a message, and the seed that finds it again");
      assert.ok(tries > 20, `${tries} tries only`);
    });
  }
});
