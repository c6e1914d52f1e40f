/**
 * A login through the module whose daemon is killed at each step: unavailable, with a verifier
 * at hand too, for the answer may have been spent. The next login works.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { STEPS } from "../daemon/steps.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { DAEMON, DaemonHost } from "./daemon-host.ts";
import { PAM } from "./module.ts";

const parts = DAEMON.skip ? DAEMON : needs("strace");

for (const step of STEPS) {
  test(`killed ${step.when}: unavailable, and the next login works`, parts, async (t) => {
    const host = await DaemonHost.open(t);
    await host.stack("auth required MODULE");
    assert.equal(await host.login([await host.phone.next()]), "success");
    const code = await host.phone.next();
    const flag = join(await makeDirectory(t), "paused");
    const reached = await step.prepare(t, host.pid);
    const login = host.harness([code], { options: [`pause=${flag}`] });
    const answer = (): NodeJS.Timeout => setInterval(() => rmSync(flag, { force: true }), 20);
    let answering: NodeJS.Timeout | undefined;
    await reached(() => {
      answering = answer();
    });
    await host.stop("SIGKILL");
    answering ??= answer();
    assert.deepEqual((await login).returned, [PAM.unavailable]);
    clearInterval(answering);

    await host.start();
    assert.equal(await host.login([code]), step.isSpent ? "auth error" : "success");
    assert.equal(await host.login([code]), "auth error");
    assert.equal(await host.lastVerdict(), "reject: replayed");
    assert.equal(await host.login([await host.phone.next()]), "success");
  });
}
