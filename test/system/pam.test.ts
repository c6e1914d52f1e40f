/** Logins through pam_exec: who gets in, and what the audit log says of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { PAM, PamHost } from "./pam-service.ts";

test("a right code lets in once; every other answer stays out", PAM, async (t) => {
  const { host, phone, backupCodes } = await PamHost.open(t);
  const code = await phone.next();
  assert.equal(await host.login(code), true);
  assert.equal(await host.lastVerdict(), "accept");

  assert.equal(await host.login(code), false);
  assert.equal(await host.lastVerdict(), "reject: replayed");
  assert.equal(await host.login(await phone.wrong()), false);
  assert.equal(await host.lastVerdict(), "reject: wrong-code");
  // Empty is what pam_exec hands on for no answer: a NUL, or nothing.
  assert.equal(await host.login(""), false);
  assert.match(await host.lastVerdict(), /^reject: (malformed|end-of-input)$/);

  const backup = backupCodes[0] ?? "";
  assert.equal(await host.login(backup), true);
  assert.equal(await host.login(backup), false);
  assert.equal(await host.lastVerdict(), "reject: replayed");
});

test("who has nothing enrolled stays out, known to the host or not", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  for (const user of ["bob", "nobody-such"]) {
    assert.equal(await host.login(await phone.next(), { user }), false, user);
    assert.equal(await host.lastVerdict(), "unenrolled: not-enrolled");
  }
  await succeed(host.countersign, ["config", "set", "policy.unenrolled", "allow"]);
  assert.equal(await host.login("000000", { user: "bob" }), true);
  assert.equal(await host.lastVerdict(), "exempt: unenrolled-allowed");
  assert.equal(await host.login(await phone.wrong()), false, "alice is enrolled");
});

test("a disabled user stays out with a right code, and loses nothing", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  await succeed(host.countersign, ["user", "disable", "alice"]);
  assert.equal(await host.login(await phone.next()), false);
  assert.equal(await host.lastVerdict(), "reject: disabled");
  await succeed(host.countersign, ["user", "enable", "alice"]);
  assert.equal(await host.login(await phone.next()), true);
});

test("after too many failures a right code stays out, until it is unlocked", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  await succeed(host.countersign, ["config", "set", "throttle.firstDelay", "300"]);
  const wrong = await phone.wrong();
  for (let count = 0; count < 5; count++) assert.equal(await host.login(wrong), false);
  const code = await phone.next();
  assert.equal(await host.login(code), false);
  assert.equal(await host.lastVerdict(), "throttled: too-many-failures");
  assert.equal(await host.login(code, { user: "ALICE" }), false);
  assert.equal(await host.lastVerdict(), "throttled: too-many-failures");
  await succeed(host.countersign, ["user", "unlock", "alice"]);
  assert.equal(await host.login(code), true, "it was refused unread");
});

test("auth lines are served, and no others", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  const stack = (type: string): string =>
    `${type} required pam_exec.so quiet seteuid ${SANDBOX_CLI} verify --pam\n`;
  for (const [type, operation] of [
    ["account", "acct_mgmt"],
    ["session", "open_session"],
    ["password", "chauthtok"],
  ] as const) {
    await host.service(stack(type));
    assert.equal(await host.login(await phone.next(), { operation }), false, type);
  }
  const line = (type: string): string[] => ["env", `PAM_TYPE=${type}`, "PAM_USER=alice"];
  const verify = [SANDBOX_CLI, "verify", "--pam"];
  const session = await host.sandbox.run([...line("open_session"), ...verify]);
  assert.equal(session.code, 2);
  assert.match(session.stderr, /^error: .*auth lines.*open_session/);
  const auth = await host.sandbox.run([...line("auth"), ...verify], { input: await phone.next() });
  assert.equal(auth.code, 0);
});

test("without seteuid, or started by another user, it refuses", PAM, async (t) => {
  const { host, phone } = await PamHost.open(t);
  assert.equal(await host.login(await phone.next(), { as: "alice" }), false);
  const code = await phone.next();
  const verify = [SANDBOX_CLI, "verify", "--pam"];
  const argv = ["env", "PAM_TYPE=auth", "PAM_USER=alice", ...verify];
  const ended = await host.sandbox.run(argv, { user: "alice", input: code });
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /^error: .*must run as root\ntry: .*seteuid/);
  const unset = await host.sandbox.run(verify, { input: code });
  assert.deepEqual([unset.code, unset.stdout], [2, ""]);
  assert.match(unset.stderr, /^error: .*PAM_USER is not set/);
  const named = await host.sandbox.run(["env", "PAM_USER=alice", ...verify, "alice"], {
    input: code,
  });
  assert.equal(named.code, 2);
  assert.equal(await host.login(code), true, "none of them spent the code");
});
