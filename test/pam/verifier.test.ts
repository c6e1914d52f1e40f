/** Where no daemon is, the module runs the verifier: same verdicts, and the host unharmed. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Phone, succeed } from "../commands/enrolled.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { DAEMON, DaemonHost } from "./daemon-host.ts";
import { PAM } from "./module.ts";

const ALONE = "auth required MODULE";

/** With the daemon gone; its socket too, unless it was killed. */
async function alone(t: TestContext, signal: NodeJS.Signals = "SIGTERM"): Promise<DaemonHost> {
  const host = await DaemonHost.open(t);
  await host.stack(ALONE);
  await host.stop(signal);
  return host;
}

test("every answer is judged as the daemon judges it", DAEMON, async (t) => {
  const host = await alone(t);
  const code = await host.phone.next();
  assert.equal(await host.login([code]), "success");
  assert.equal(await host.login([code]), "auth error");
  assert.equal(await host.lastVerdict(), "reject: replayed");
  assert.equal(await host.login([host.backupCodes[0] ?? ""]), "success");
  assert.equal(await host.login([]), "auth error");
  assert.equal(await host.lastVerdict(), "reject: end-of-input");
  assert.equal(await host.login(["123456"], "bob"), "auth error");
  await host.sandbox.sh("mv /var/lib/countersign /var/lib/elsewhere");
  assert.equal(await host.login([await host.phone.next()]), "unavailable");
});

test(
  "a daemon that was killed leaves its socket, and the verifier takes over",
  DAEMON,
  async (t) => {
    const host = await alone(t, "SIGKILL");
    assert.equal(await host.login([await host.phone.next()]), "success");
  },
);

test("settings that do not parse refuse everybody", DAEMON, async (t) => {
  const host = await alone(t);
  await host.sandbox.sh("echo '{\"polciy\":{}}' > /etc/countersign/countersign.json");
  assert.equal(await host.login([await host.phone.next()]), "unavailable");
});

test(
  "the host sees no child, keeps its descriptors, and none reaches the verifier",
  DAEMON,
  async (t) => {
    const host = await alone(t);
    const listing = "/opt/listing";
    const launch = `#!/bin/sh\n{ ls -l /proc/self/fd; env; while read -r line; do echo "$line"; done < /proc/$$/status; } > ${listing}\nexec ${SANDBOX_CLI} "$@"\n`;
    await host.sandbox.sh("cat > /opt/verifier", { input: launch });
    const session = await host.harness([await host.phone.next(), "1"], { options: ["count=5"] });
    assert.equal(session.children, 0, "no SIGCHLD");
    assert.equal(session.descriptors[0], session.descriptors[1]);
    const seen = await host.sandbox.sh(`cat ${listing}`);
    const descriptors = [...seen.matchAll(/ (\d+) -> (\S+)/g)].map(([, fd, to]) => `${fd} ${to}`);
    // 1 is the listing itself, 3 the directory that ls reads.
    const foreign = descriptors.filter(
      (line) => !/^(0 socket|1 \/opt|2 \/dev\/null|3 \/proc)/.test(line),
    );
    assert.deepEqual(foreign, []);
    assert.doesNotMatch(seen, /^(LANG|HOME|USER|SHLVL_)=/m);
    assert.match(seen, /^SigBlk:\s0+$/m);
    // Of this sandbox: the machine may run other verifiers.
    const search = 'exec pgrep --ns $$ --nslist mnt -f "verify --protocol"';
    const left = await host.sandbox.run(["sh", "-c", search]);
    assert.deepEqual([left.stdout, left.stderr], ["", ""], "none of them is left");
  },
);

test("a verifier that a user could have put there is not run", DAEMON, async (t) => {
  const host = await alone(t);
  const code = await host.phone.next();
  for (const spoil of ["chown bob", "chmod 775", "chmod 757"]) {
    await host.sandbox.sh(`${spoil} /opt/verifier`);
    assert.equal(await host.login([code]), "unavailable", spoil);
    await host.sandbox.sh("chown root /opt/verifier; chmod 755 /opt/verifier");
  }
  await host.sandbox.sh("chmod 777 /opt");
  assert.equal(await host.login([code]), "unavailable", "its directory");
  // The daemon's user may hold its socket, but not what runs as root.
  await host.sandbox.sh("getent passwd countersign || useradd --system countersign");
  await host.sandbox.sh("chmod 755 /opt; chown countersign /opt");
  assert.equal(await host.login([code]), "unavailable", "its directory is the daemon's");
  await host.sandbox.sh("chown root /opt; ln -s . /opt/link; ln -s /opt/verifier /opt/program");
  await host.stack("auth required MODULE verifier=/opt/link/program");
  assert.equal(await host.login([code]), "success", "root's own link");
});

test("a verifier that lies, dies or hangs lets nobody in", DAEMON, async (t) => {
  const host = await alone(t);
  await host.stack(`${ALONE} timeout=2`);
  for (const script of ["exit 0", "kill -9 $$", "sleep 60", "echo verdict accept", "exec yes"]) {
    await host.sandbox.sh("cat > /opt/verifier", { input: `#!/bin/sh\n${script}\n` });
    assert.equal(await host.login(["123456"]), "unavailable", script);
  }
});

test(
  "real su by a user: the verifier is root in full, and says so of nobody else",
  DAEMON,
  async (t) => {
    const host = await alone(t);
    await host.sandbox.sh(`cat > /etc/pam.d/su`, {
      input:
        "auth required /opt/pam_countersign.so verifier=/opt/verifier\naccount required pam_permit.so\nsession required pam_permit.so\n",
    });
    const begun = JSON.parse(
      await succeed(host.countersign, ["enroll", "bob", "--begin", "--json"]),
    );
    const phone = new Phone(begun.secret);
    const confirm = ["enroll", "bob", "--confirm", "--code-stdin", "--json"];
    await succeed(host.countersign, confirm, await phone.next());
    const su = (input: string) =>
      host.sandbox.run(["su", "bob", "-c", "id -un"], { user: "alice", input: `${input}\n` });
    const refused = await su(await phone.wrong());
    assert.notEqual(refused.code, 0);
    const ended = await su(await phone.next());
    assert.equal(ended.stdout, "bob\n", ended.stderr);
    const direct = await host.sandbox.run([SANDBOX_CLI, "verify", "--protocol"], { user: "alice" });
    assert.deepEqual([direct.code === 0, direct.stdout], [false, ""]);
  },
);

test("the harness without a daemon returns what the table says", DAEMON, async (t) => {
  const host = await alone(t);
  const { returned, setcred } = await host.harness([await host.phone.next()]);
  assert.deepEqual([returned, setcred], [[PAM.success], [PAM.success]]);
});
