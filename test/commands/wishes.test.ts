/** user prefer, policy set --default-method, user message: through the commands themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../support/parts.ts";
import { auditOf } from "./duo.ts";
import { enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

test(
  "wishes are shown, set and taken back, and told to the audit log",
  needs("oathtool"),
  async (t) => {
    const { home, countersign, phone } = await enrolledHome(t);
    const line = (text: string) => succeed(countersign, text.split(" "));
    assert.equal(await line("user prefer alice"), "alice prefers no method\n");
    assert.equal(await line("user prefer alice duo-push"), "alice prefers duo-push\n");
    assert.equal(await line("user message alice Hello"), "alice is told so at each login\n");
    const show = await line("user show alice");
    assert.match(show, /^prefers +duo-push\nmessage +Hello$/m);
    const { preferredMethod, message } = JSON.parse(await line("user show alice --json"));
    assert.deepEqual([preferredMethod, message], ["duo-push", "Hello"]);
    assert.equal(await line("user message alice"), "Hello\n");
    // Standard input answers, so nothing is said but the verdict: a script's is no person's login.
    const quiet = await countersign(["verify", "alice", "--code-stdin"], {
      input: await phone.next(),
    });
    assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
    const said = await home.run(["verify", "alice", "--code-stdin"], { input: "\n" });
    assert.deepEqual([said.code, said.stderr], [1, "error: verification failed\n"]);
    assert.equal(await line("user prefer alice none"), "alice prefers no method\n");
    assert.equal(await line("user message alice --clear"), "alice has no message any more\n");
    assert.equal(
      await line("policy set --default-method duo-push"),
      "who has not chosen prefers duo-push\n",
    );
    assert.match(await line("policy show"), /^prefers +duo-push/m);
    assert.equal(JSON.parse(await line("policy show --json")).defaultMethod, "duo-push");
    await line("policy set --default-method none");
    const changes = (await auditOf(countersign)).filter(({ action }) =>
      /user-|settings/.test(action),
    );
    assert.deepEqual(
      changes.slice(-6).map(({ action, method, detail }) => `${action} ${method ?? detail}`),
      [
        ...[
          "user-prefer duo-push",
          "user-message set",
          "user-prefer removed",
          "user-message removed",
        ],
        "settings-set policy.defaultMethod=duo-push",
        "settings-set policy.defaultMethod=none",
      ],
    );
    assertFailure(await home.run(["user", "prefer", "alice", "htop"]), 2, /htop/, /user prefer/);
    assertFailure(
      await home.run(["user", "message", "alice", "x", "--clear"]),
      2,
      /a text, or/,
      /user message/,
    );
    for (const wrong of ["policy set", "policy set unenrolled allow --default-method totp"]) {
      assertFailure(await home.run(wrong.split(" ")), 2, /give one thing/, /policy set/);
    }
  },
);
