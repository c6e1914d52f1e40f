import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { needs } from "./parts.ts";
import { SANDBOX_CLI, Sandbox } from "./sandbox.ts";
import { Terminal } from "./terminal.ts";

const parts = needs("root", "mount namespaces");

test("users and services live in the sandbox alone", parts, async (t) => {
  const passwd = readFileSync("/etc/passwd", "utf8");
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("sentry");
  await sandbox.pamService("countersign-test", "auth required pam_deny.so\n");
  await sandbox.sh("mkdir /etc/countersign && echo kept > /var/lib/note");

  assert.equal(await sandbox.sh("cat /var/lib/note"), "kept\n");
  const as = await sandbox.run(["id", "-un"], { user: "sentry" });
  assert.deepEqual([as.stdout, as.stderr], ["sentry\n", ""]);
  assert.equal((await sandbox.run(["sh", "-c", "exit 5"])).code, 5);

  assert.equal(readFileSync("/etc/passwd", "utf8"), passwd);
  assert.ok(!existsSync("/etc/pam.d/countersign-test"));
  assert.ok(!existsSync("/var/lib/note"));
});

test("every user reaches the checkout", parts, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("sentry");
  const ended = await sandbox.run(["test", "-x", SANDBOX_CLI], { user: "sentry" });
  assert.equal(ended.code, 0);
});

test("a small disk is full when it is full", parts, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.smallDisk("/var/lib/small", "64k");
  const fill = await sandbox.run([
    "dd",
    "if=/dev/zero",
    "of=/var/lib/small/fill",
    "bs=128k",
    "count=1",
  ]);
  assert.notEqual(fill.code, 0);
  assert.match(fill.stderr, /No space left/);
});

test("a terminal opens inside", needs("root", "mount namespaces", "tmux"), async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("sentry");
  const terminal = await Terminal.start(t, sandbox.enter(["sh", "-c", "id -un; pwd"], "sentry"));
  // The two lines come one after the other: a glance between them sees one.
  await terminal.shows(/^sentry\n\/\n/);
});

test(
  "pamtester judges by the sandbox's service",
  needs("root", "mount namespaces", "pamtester"),
  async (t) => {
    const sandbox = await Sandbox.open(t);
    await sandbox.addUser("sentry");
    const authenticate = ["pamtester", "countersign-test", "sentry", "authenticate"];
    await sandbox.pamService("countersign-test", "auth required pam_permit.so\n");
    assert.equal((await sandbox.run(authenticate)).code, 0);
    await sandbox.pamService("countersign-test", "auth required pam_deny.so\n");
    assert.notEqual((await sandbox.run(authenticate)).code, 0);
  },
);
