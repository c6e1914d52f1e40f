import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { askWithin } from "../../src/doctor/ask-program.ts";
import { type Check, runChecks } from "../../src/doctor/checks.ts";
import { voiceOf } from "../../src/doctor/finding.ts";
import { sandbox } from "../files/sandbox.ts";
import { told } from "./findings.ts";

test("a check that throws or hangs is a problem, and the others go on", async () => {
  const { ok } = voiceOf("clock");
  const checks: Check[] = [
    { name: "clock", examine: () => new Promise(() => undefined) },
    {
      name: "settings",
      examine: () => {
        throw new TypeError("x is not a function");
      },
    },
    {
      name: "key",
      examine: () => Promise.reject(new Fault("key-missing", "gone", { hint: "put it back" })),
    },
    { name: "store", examine: () => [ok("fine")] },
  ];
  const found = await runChecks(checks, 50);
  assert.deepEqual(told(found), [
    "problem this check took over 0.05 s and was given up",
    "problem this check failed: x is not a function",
    "problem gone",
    "ok fine",
  ]);
  assert.equal(found[2]?.mend, "put it back");
});

test("what files and programs say is stripped of control characters", async () => {
  const { warning } = voiceOf("pam");
  const examine = () => [warning("a\x1b[31mb\nc", "d\x07e")];
  const [found] = await runChecks([{ name: "pam", examine }]);
  assert.deepEqual([found?.message, found?.mend], ["a[31mbc", "de"]);
});

test("a program is asked with a clean environment, and not for long", async (t) => {
  const at = sandbox(t);
  const program = (name: string, script: string): string => {
    writeFileSync(join(at, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(at, name), 0o755);
    return join(at, name);
  };
  process.env.CHRONY_SECRET = "seen";
  t.after(() => delete process.env.CHRONY_SECRET);
  const ask = askWithin(500);
  assert.equal(await ask(join(at, "none"), []), "absent");
  const env = await ask(program("env", 'echo "$1"; env'), ["an argument"]);
  assert.ok(typeof env === "object");
  assert.match(env.stdout, /^an argument\n/);
  assert.doesNotMatch(env.stdout, /CHRONY_SECRET/);
  const begun = performance.now();
  // Its child holds the pipe open after it is gone.
  assert.equal(await ask(program("hang", "sleep 30 & sleep 30"), []), "silent");
  assert.ok(performance.now() - begun < 2_000);
  const failed = await ask(program("fail", "exit 3"), []);
  assert.deepEqual(failed, { code: 3, stdout: "" });
});

test("a program that never stops talking is cut off", async () => {
  assert.equal(await askWithin(300)("/usr/bin/yes", []), "silent");
});
