/** Logins through the module and the real daemon. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { succeed } from "../commands/enrolled.ts";
import { makeDirectory } from "../support/cli.ts";
import { DAEMON, DaemonHost, NO_VERIFIER } from "./daemon-host.ts";
import { builtModule, PAM } from "./module.ts";

const ALONE = "auth required MODULE";

async function opened(t: TestContext, stack = ALONE): Promise<DaemonHost> {
  const host = await DaemonHost.open(t);
  await host.stack(stack);
  return host;
}

test("a right code lets in once; every other answer stays out", DAEMON, async (t) => {
  const host = await opened(t);
  const code = await host.phone.next();
  assert.equal(await host.login([code]), "success");
  assert.equal(await host.lastVerdict(), "accept");
  assert.equal(await host.login([code]), "auth error");
  assert.equal(await host.lastVerdict(), "reject: replayed");
  assert.equal(await host.login([await host.phone.wrong()]), "auth error");
  assert.equal(await host.lastVerdict(), "reject: wrong-code");
  const backup = host.backupCodes[0] ?? "";
  assert.equal(await host.login([backup]), "success");
  assert.equal(await host.login([backup]), "auth error");
});

test("no answer and an empty one stay out", DAEMON, async (t) => {
  const host = await opened(t);
  assert.equal(await host.login([]), "auth error");
  assert.equal(await host.lastVerdict(), "reject: end-of-input");
  assert.equal(await host.login([""]), "auth error");
  for (const [answer, reason] of [
    ["\\null", "end-of-input"],
    ["\\fail", "cancelled"],
  ] as const) {
    assert.deepEqual((await host.harness([answer])).returned, [PAM.authError], answer);
    assert.equal(await host.lastVerdict(), `reject: ${reason}`);
  }
  const session = await host.harness(["\\x00"]);
  assert.deepEqual(session.returned, [PAM.authError]);
  assert.deepEqual(session.said, ["secret Verification code: "]);
});

test("unknown, unenrolled and disabled users are asked and stay out", DAEMON, async (t) => {
  const host = await opened(t);
  for (const user of ["bob", "nobody-such"]) {
    const { said, returned } = await host.harness(["123456"], { user });
    assert.deepEqual(said, ["secret Verification code: "]);
    assert.deepEqual(returned, [PAM.authError]);
    assert.equal(await host.lastVerdict(), "unenrolled: not-enrolled");
  }
  await succeed(host.countersign, ["user", "disable", "alice"]);
  assert.equal(await host.login([await host.phone.next()]), "auth error");
  assert.equal(await host.lastVerdict(), "reject: disabled");
});

test("a throttled user stays out with a right code, and is told", DAEMON, async (t) => {
  const host = await opened(t);
  await succeed(host.countersign, ["config", "set", "throttle.firstDelay", "300"]);
  await sleep(300);
  const wrong = await host.phone.wrong();
  for (let count = 0; count < 5; count++) assert.equal(await host.login([wrong]), "auth error");
  const code = await host.phone.next();
  assert.equal(await host.login([code]), "max tries");
  assert.equal(await host.lastVerdict(), "throttled: too-many-failures");
  const { said } = await host.harness([code]);
  assert.equal(said.at(-1), "error Too many failed attempts; try again later.");
  await succeed(host.countersign, ["user", "unlock", "alice"]);
  assert.equal(await host.login([code]), "success");
});

test("after pam_unix both are asked for, and both count", DAEMON, async (t) => {
  const host = await opened(t, `auth required pam_unix.so\n${ALONE}`);
  const { said, returned } = await host.harness(["Sommer2024", await host.phone.next()]);
  assert.deepEqual(said, ["secret Password: ", "secret Verification code: "]);
  assert.deepEqual(returned, [PAM.success]);
  assert.equal(await host.login(["wrong", await host.phone.next()]), "auth error");
  assert.equal(await host.lastVerdict(), "accept", "the code was right");
  assert.equal(await host.login(["Sommer2024", await host.phone.wrong()]), "auth error");
  assert.equal(await host.login(["Sommer2024"]), "auth error");
  assert.equal(await host.login(["Sommer2024", await host.phone.next()]), "success");
});

test("use_first_pass takes what was typed before, and never asks", DAEMON, async (t) => {
  const host = await opened(t, `auth optional pam_unix.so\n${ALONE} use_first_pass`);
  const { said, returned } = await host.harness([await host.phone.next()]);
  assert.deepEqual([said, returned], [["secret Password: "], [PAM.success]]);
  assert.equal(await host.login(["Sommer2024", await host.phone.next()]), "auth error");
  await host.stack(`${ALONE} use_first_pass`);
  const none = await host.harness([await host.phone.next()]);
  assert.deepEqual([none.said, none.returned], [[], [PAM.authError]]);
});

test("try_first_pass asks where it was no code, or not a right one", DAEMON, async (t) => {
  const host = await opened(t, `auth optional pam_unix.so\n${ALONE} try_first_pass`);
  const asked = ["secret Password: ", "secret Verification code: "];
  const first = await host.harness([await host.phone.next()]);
  assert.deepEqual([first.said, first.returned], [asked.slice(0, 1), [PAM.success]]);
  const second = await host.harness(["Sommer2024", await host.phone.next()]);
  assert.deepEqual([second.said, second.returned], [asked, [PAM.success]]);
  const wrong = await host.phone.wrong();
  const third = await host.harness([wrong, await host.phone.next()]);
  assert.deepEqual([third.said, third.returned], [asked, [PAM.success]]);
  const never = await host.harness([wrong, wrong]);
  assert.deepEqual([never.said, never.returned], [asked, [PAM.authError]]);
});

test("forward_pass takes both in one line, and hands the password on", DAEMON, async (t) => {
  const host = await opened(t, `${ALONE} forward_pass\nauth required pam_unix.so use_first_pass`);
  const typed = async (password: string) => [`${password}${await host.phone.next()}`];
  const { said, returned } = await host.harness(await typed("Sommer2024"));
  assert.deepEqual(said, ["secret Password and verification code: "]);
  assert.deepEqual(returned, [PAM.success]);
  const backup = (host.backupCodes[0] ?? "").replace(/^.{5}/, "$&-");
  assert.equal(await host.login([`Sommer2024${backup}`]), "success");
  assert.notEqual(await host.login(await typed("Sommer2023")), "success");
  assert.notEqual(await host.login(await typed("")), "success");
  assert.notEqual(await host.login([`Sommer2024${await host.phone.wrong()}`]), "success");
  assert.equal(await host.lastVerdict(), "reject: wrong-code");
  assert.notEqual(await host.login(["Sommer2024x"]), "success");
  assert.equal(await host.lastVerdict(), "reject: end-of-input", "no password goes to the daemon");
});

test(
  "a daemon killed between prompt and answer refuses; the next login works",
  DAEMON,
  async (t) => {
    const host = await opened(t, `${ALONE} ${NO_VERIFIER}`);
    const code = await host.phone.next();
    const flag = join(await makeDirectory(t), "paused");
    const login = host.harness([code], { options: [`pause=${flag}`] });
    while (!existsSync(flag)) await sleep(20);
    await host.stop("SIGKILL");
    rmSync(flag);
    assert.deepEqual((await login).returned, [PAM.unavailable]);
    assert.equal(await host.login([code]), "unavailable", "its socket is still there");
    await host.start();
    assert.equal(await host.login([code]), "success");
  },
);

test("a daemon that is stopped ends the login that is under way first", DAEMON, async (t) => {
  const host = await opened(t, `${ALONE} ${NO_VERIFIER}`);
  const flag = join(await makeDirectory(t), "paused");
  const login = host.harness([await host.phone.next()], { options: [`pause=${flag}`] });
  while (!existsSync(flag)) await sleep(20);
  const stopped = host.stop("SIGTERM");
  await sleep(200);
  rmSync(flag);
  assert.deepEqual((await login).returned, [PAM.success]);
  await stopped;
  assert.equal(await host.login([await host.phone.next()]), "unavailable");
});

test(
  "a host without standard output or errors talks to the daemon all the same",
  DAEMON,
  async (t) => {
    const host = await opened(t);
    const harness = join(await builtModule(), "harness");
    for (const daemon of ["up", "down"]) {
      if (daemon === "down") await host.stop("SIGTERM");
      for (const closed of [">&-", "2>&-", ">&- 2>&-"]) {
        // What the harness prints would go into a socket that is its descriptor 1.
        const command = `exec ${harness} /etc/pam.d countersign-test alice ${closed}`;
        await host.sandbox.sh(command, { input: `${await host.phone.next()}\n` });
        assert.equal(await host.lastVerdict(), "accept", `${daemon} ${closed}`);
      }
    }
  },
);

test("a hostile environment changes nothing", DAEMON, async (t) => {
  const host = await opened(t);
  const hostile = {
    COUNTERSIGN_HOME: "/tmp",
    NODE_OPTIONS: "--require=/tmp/none.js",
    NODE_PATH: "/tmp",
    HOME: "/nowhere",
    PATH: "/usr/bin:/tmp",
    LANG: "de_DE.UTF-8",
    LC_ALL: "C",
    TMPDIR: "/nowhere",
    BROWSER: "/tmp/none",
    http_proxy: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    PAM_USER: "bob",
    USER: "bob",
    LOGNAME: "bob",
    BASH_ENV: "/tmp/none",
    ENV: "/tmp/none",
    IFS: "/",
    NOTIFY_SOCKET: "/tmp/none",
    LISTEN_FDS: "1",
  };
  await succeed(host.countersign, ["config", "set", "throttle.freeFailures", "100"]);
  for (const daemon of ["up", "down"]) {
    if (daemon === "down") await host.stop("SIGTERM");
    assert.equal(await host.login(["x"], "alice", hostile), "auth error", daemon);
    assert.equal(await host.login([await host.phone.next()], "alice", hostile), "success", daemon);
    for (const name of ["COUNTERSIGN_HOME", "NODE_OPTIONS", "PAM_USER"] as const) {
      const env = { [name]: hostile[name] };
      assert.equal(await host.login(["x"], "alice", env), "auth error", name);
    }
  }
});

test("the host's own words reach whoever is asked and refused, once", DAEMON, async (t) => {
  const host = await opened(t, `auth optional pam_unix.so\n${ALONE} try_first_pass`);
  await succeed(host.countersign, ["config", "set", "texts.prompt", "Sesame"]);
  await succeed(host.countersign, ["config", "set", "texts.refusal", "Call 4711."]);
  const wrong = await host.phone.wrong();
  const { said, returned } = await host.harness([wrong, wrong]);
  assert.deepEqual(said, ["secret Password: ", "secret Sesame: ", "info Call 4711."]);
  assert.deepEqual(returned, [PAM.authError]);
  const ended = await host.countersign(["verify", "bob", "--code-stdin"], { input: wrong });
  assert.deepEqual([ended.code, ended.stderr], [3, "error: Call 4711.\n"]);
});
