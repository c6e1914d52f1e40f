/** The files for systemd, judged by systemd's own programs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../support/parts.ts";
import { Sandbox } from "../support/sandbox.ts";

const parts = needs("root", "mount namespaces", "systemd-analyze");
const UNITS = "/opt/countersign/systemd";
/** Tenths: what is left is the network and AF_UNIX, other users, and code that V8 compiles. */
const EXPOSURE_MAX = 13;

test("systemd finds nothing wrong with the units", parts, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.sh(`systemd-sysusers ${UNITS}/sysusers.d/countersign.conf`);
  for (const unit of ["countersignd.service", "countersignd.socket"]) {
    const argv = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"];
    const { code, stdout, stderr } = await sandbox.run([...argv, `${UNITS}/${unit}`]);
    assert.deepEqual([code, stdout, stderr], [0, "", ""], unit);
  }
});

test("the service is exposed as little as it can be", parts, async (t) => {
  const sandbox = await Sandbox.open(t);
  const argv = ["systemd-analyze", "security", "--no-pager", "--offline=true"];
  const judged = (limit: number) =>
    sandbox.run([...argv, `--threshold=${limit}`, `${UNITS}/countersignd.service`]);
  const { code, stdout, stderr } = await judged(EXPOSURE_MAX);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert.match(stdout, /Overall exposure level for countersignd\.service: \d/);
  assert.notEqual((await judged(EXPOSURE_MAX - 1)).code, 0, "a better one is to be held");
});

test("the user and the directory of the socket are made", parts, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.sh(`systemd-sysusers ${UNITS}/sysusers.d/countersign.conf`);
  const [entry = ""] = (await sandbox.sh("getent passwd countersign")).split("\n");
  assert.match(entry, /^countersign:x:[1-9]\d*:\d+:.*:\/usr\/sbin\/nologin$/);
  await sandbox.sh(`systemd-tmpfiles --create ${UNITS}/tmpfiles.d/countersign.conf`);
  const made = await sandbox.sh("stat -c '%U:%G %a' /run/countersign");
  assert.equal(made, "countersign:countersign 755\n");
});
