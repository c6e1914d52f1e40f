import assert from "node:assert/strict";
import { test } from "node:test";
import { run, runOrThrow } from "./run.ts";

test("a run has its output, its exit code and its signal", async () => {
  const script = "cat; echo diagnostics >&2; exit 3";
  assert.deepEqual(await run(["sh", "-c", script], { input: "typed" }), {
    stdout: "typed",
    stderr: "diagnostics\n",
    code: 3,
    signal: null,
  });
  assert.equal((await run(["sh", "-c", "kill -TERM $$"])).signal, "SIGTERM");
});

test("what takes too long is killed with its children", async () => {
  const before = Date.now();
  await assert.rejects(run(["sh", "-c", "sleep 30 & sleep 30"], { timeout: 100 }), /over 100 ms/);
  assert.ok(Date.now() - before < 10_000);
});

test("a program that reads nothing, or is not there, is no riddle", async () => {
  assert.equal((await run(["true"], { input: "x".repeat(1_000_000) })).code, 0);
  await assert.rejects(run(["/no/such/program"]), /ENOENT/);
  await assert.rejects(runOrThrow(["false"]), /false ended with 1/);
});

test("nothing of the test's own environment leaks in", async () => {
  const { stdout } = await run(["env"]);
  assert.deepEqual(stdout.match(/^\w+(?==)/gm), ["PATH", "LANG"]);
});
