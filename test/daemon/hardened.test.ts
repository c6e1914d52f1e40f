/**
 * The daemon as its unit starts it: as its own user, with no capability, on a read-only
 * system, with the unit's filter of system calls. systemd itself does not run here: what it
 * alone can put up (device and address rules, namespaces) is for systemd-analyze to judge.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Countersign, enroll, succeed } from "../commands/enrolled.ts";
import { builtModule } from "../pam/module.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { until } from "./daemon.ts";
import { ADD_OWN_USER, DAEMON, Host } from "./host.ts";
import { behindWalls } from "./unit.ts";

const parts = needs(
  ...["root", "mount namespaces", "oathtool", "setpriv", "systemd-analyze", "gcc", "python3"],
);
const pamParts = needs("make", "libpam0g-dev", "pamtester");
const VERIFY = ["verify", "alice", "--code-stdin"];
const PLACES = "/etc/countersign /var/lib/countersign /run/countersign";

async function hardened(t: TestContext): Promise<Host> {
  const host = await Host.withoutDaemon(
    t,
    `${ADD_OWN_USER}
    install -d -o countersign -g countersign -m 755 /run/countersign`,
  );
  await succeed(host.as(), ["init"]);
  await host.startDaemon(await behindWalls(DAEMON));
  return host;
}

test("enrollment, verification, settings, restart and end behind its walls", parts, async (t) => {
  const host = await hardened(t);
  const status = await host.daemonStatus();
  assert.match(status, /^CapBnd:\t0{16}$/m);
  assert.match(status, /^CapEff:\t0{16}$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  const { phone, backupCodes } = await enroll(host.as());
  // The command sets the window in process, and the daemon reads it anew.
  await until(() => host.log.includes("settings read anew"));
  await succeed(host.as(), VERIFY, await phone.next());
  await succeed(host.as("alice"), ["verify", "--code-stdin"], await phone.next());
  await succeed(host.as("alice"), ["verify", "--code-stdin"], backupCodes[0] ?? "");
  await succeed(host.as(), ["config", "set", "totp.window", "0"]);
  await until(() => host.log.split("settings read anew").length > 2);
  assert.equal((await host.as()(VERIFY, { input: await phone.next() })).code, 1);
  await succeed(host.as(), ["config", "set", "totp.window", "10"]);
  await until(() => host.log.split("settings read anew").length > 3);
  assert.equal(await host.stopDaemon(), 0);
  const { code } = await host.as("alice")(["verify", "--code-stdin"], { input: "000000" });
  assert.equal(code, 5, "nothing is listening");
  await succeed(host.as(), VERIFY, await phone.next());
  await host.startDaemon(await behindWalls(DAEMON));
  await succeed(host.as("alice"), ["verify", "--code-stdin"], await phone.next());
  const foreign = `find ${PLACES} ! -user countersign`;
  assert.equal(await host.sandbox.sh(foreign), "", "root's commands left all to it");
});

test("PAM logins: through the module, and without a daemon", {
  ...parts,
  ...pamParts,
}, async (t) => {
  const host = await hardened(t);
  const { phone } = await enroll(host.as());
  const module = `${await builtModule()}/pam_countersign.so`;
  await host.sandbox.sh(`cp ${module} /opt/pam_countersign.so
    printf '#!/bin/sh\\nexec ${SANDBOX_CLI} "$@"\\n' > /opt/verifier; chmod 755 /opt/verifier`);
  const login = async (line: string, answer: string): Promise<string> => {
    await host.sandbox.pamService("countersign-test", `auth required ${line}\n`);
    const argv = ["pamtester", "countersign-test", "alice", "authenticate"];
    const ended = await host.sandbox.run(argv, { input: `${answer}\n`, env: MINIMAL_ENV });
    return `${ended.stdout}${ended.stderr}`;
  };
  const through = "/opt/pam_countersign.so verifier=/opt/none";
  assert.match(await login(through, await phone.next()), /successfully authenticated/);
  assert.match(await login(through, await phone.wrong()), /Authentication failure/);
  await host.stopDaemon();
  assert.match(await login(through, await phone.next()), /cannot retrieve/);
  for (const line of [
    "/opt/pam_countersign.so verifier=/opt/verifier",
    `pam_exec.so quiet seteuid expose_authtok ${SANDBOX_CLI} verify --pam`,
  ]) {
    assert.match(await login(line, await phone.next()), /successfully authenticated/, line);
    assert.doesNotMatch(await login(line, await phone.wrong()), /successfully/, line);
    assert.equal(await host.sandbox.sh(`find ${PLACES} ! -user countersign`), "", line);
  }
});

for (const [who, own] of [
  ["its own", "chown countersign:countersign"],
  // systemd lets the user in by an ACL, whose mask shows as the bits of the group.
  ["root's, which its group reads", "chmod g+rX,u+w $0; chown root:countersign"],
] as const) {
  test(`the master key as a credential that is ${who}`, parts, async (t) => {
    const credentials = "/run/credentials/countersignd.service";
    const key = `${credentials}/countersign-master-key`;
    const host = await Host.withoutDaemon(t, ADD_OWN_USER);
    await host.sandbox.sh(`
      install -d -m 500 ${credentials}
      head -c 32 /dev/urandom > ${key}; chmod 400 ${key}
      give() { ${own.replace("$0", '"$1"')} "$1"; }; give ${key}; give ${credentials}
      mkdir -m 755 /run/countersign; chown countersign: /run/countersign`);
    const env = { ...MINIMAL_ENV, CREDENTIALS_DIRECTORY: credentials };
    const root: Countersign = (args, options) =>
      host.sandbox.run([SANDBOX_CLI, ...args], { ...options, env });
    await succeed(root, ["init", "--key", "systemd-credential"]);
    const walled = await behindWalls(DAEMON);
    await host.startDaemon(["env", `CREDENTIALS_DIRECTORY=${credentials}`, ...walled]);
    await succeed(host.as(), ["config", "set", "totp.window", "10"]);
    await until(() => host.log.includes("settings read anew"));
    const { phone } = await host.enroll("alice");
    await succeed(host.as("alice"), ["verify", "--code-stdin"], await phone.next());
  });
}

test(
  "a user without root does all that is theirs, and nothing that is another's",
  parts,
  async (t) => {
    const host = await hardened(t);
    await succeed(host.as(), ["config", "set", "totp.window", "10"]);
    await until(() => host.log.includes("settings read anew"));
    const [alice, bob] = [host.as("alice"), host.as("bob")];
    const { phone, backupCodes } = await host.enroll("alice");
    await succeed(alice, ["verify", "--code-stdin"], await phone.next());
    const made = JSON.parse(
      await succeed(
        alice,
        ["backup-code", "generate", "--json", "--code-stdin"],
        await phone.next(),
      ),
    );
    assert.equal(
      (await alice(["verify", "--code-stdin"], { input: backupCodes[0] ?? "" })).code,
      1,
    );
    await succeed(alice, ["verify", "--code-stdin"], made.backupCodes[0]);

    for (const args of [
      ["verify", "alice", "--code-stdin"],
      ["enroll", "alice", "--begin"],
      ["reset", "alice", "--yes", "--code-stdin"],
      ["backup-code", "generate", "alice", "--code-stdin"],
      ["user", "show", "alice"],
      ["audit", "list"],
    ]) {
      const ended = await bob(args, { input: await phone.code() });
      assert.notEqual(ended.code, 0, args.join(" "));
      assert.match(ended.stderr, /only root may/, args.join(" "));
    }
    for (const path of ["store.db", "store.db-wal", "store.db-shm"].map(
      (name) => `/var/lib/countersign/${name}`,
    )) {
      assert.equal((await host.sandbox.run(["test", "-e", path])).code, 0, path);
      assert.notEqual((await host.sandbox.run(["cat", path], { user: "bob" })).code, 0, path);
    }
    for (const command of [
      "cat /etc/countersign/master.key",
      "ls /var/lib/countersign",
      "rm /run/countersign/socket",
      "touch /etc/countersign/x",
      "echo > /etc/countersign/countersign.json",
      "kill -9 $(pgrep -u countersign)",
      "cat /proc/$(pgrep -u countersign | head -1)/environ",
    ]) {
      const ended = await host.sandbox.run(["sh", "-c", command], { user: "bob" });
      assert.notEqual(ended.code, 0, command);
    }
    await succeed(alice, ["verify", "--code-stdin"], await phone.next());
  },
);
