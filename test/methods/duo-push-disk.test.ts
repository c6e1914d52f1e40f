/** A disk that fills up while the phone rings: what cannot be recorded is not accepted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Countersign, succeed } from "../commands/enrolled.ts";
import { until } from "../daemon/daemon.ts";
import { PHONE } from "../duo/stand-in/account.ts";
import { startStandIn } from "../duo/stand-in/server.ts";
import { needs } from "../support/parts.ts";
import type { RunOptions } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { setUpDuo } from "./duo-setup.ts";

const DISK = "/var/lib/disk";
const PARTS = needs("root", "mount namespaces", "openssl");

test("an approval that comes when the disk is full lets nobody in", PARTS, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.smallDisk(DISK, "2m");
  const env = { PATH: "/usr/bin:/bin", COUNTERSIGN_HOME: `${DISK}/home` };
  const run = (argv: readonly string[], options: RunOptions = {}) =>
    sandbox.run(argv, { ...options, env });
  const countersign: Countersign = (args, options) => run([SANDBOX_CLI, ...args], options);
  await succeed(countersign, ["init"]);
  const standIn = await startStandIn(t);
  await setUpDuo({ countersign, run, directory: `${DISK}/home` }, standIn);
  const push = async () => {
    const { stdout, stderr, code } = await countersign(["duo", "push", "bob", "--json"]);
    return { told: [JSON.parse(stdout).verdict, code], stderr };
  };
  const isAccepted = async () => {
    const { told, stderr } = await push();
    assert.deepEqual(told, ["accept", 0], stderr);
  };
  standIn.account.users.set("bob", { preauth: "auth", devices: [PHONE], answer: "allow" });
  await isAccepted();
  standIn.account.users.set("bob", { preauth: "auth", devices: [PHONE] });
  const pushed = push();
  await until(() => standIn.account.sent.pushes === 2);
  await sandbox.sh(`cat /dev/zero > ${DISK}/fill 2>/dev/null || true`);
  standIn.account.answer("bob", "allow");
  assert.deepEqual((await pushed).told, ["unavailable", 5]);
  await sandbox.sh(`rm ${DISK}/fill`);
  standIn.account.users.set("bob", { preauth: "auth", devices: [PHONE], answer: "allow" });
  await isAccepted();
  const verdicts = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]))
    .filter(({ action }: { action: string }) => action === "verify")
    .map(({ verdict }: { verdict: string }) => verdict);
  assert.deepEqual(verdicts, ["accept", "accept"]);
});
