/** What ForceCommand does not cover, by the word of a real sshd. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Ask, askWithin } from "../../src/doctor/ask-program.ts";
import { examineSshd } from "../../src/doctor/sshd.ts";
import { sandbox } from "../files/sandbox.ts";
import { needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { plant, told } from "./findings.ts";

const SSHD = needs("root", "mount namespaces", "sshd", "ssh-keygen");

/** sshd says nothing without its directory, which is there while it runs as a service. */
const ASK: Ask = (program, args) => {
  const script = 'mount -t tmpfs tmpfs /run; mkdir /run/sshd; exec "$@"';
  const own = ["-m", "--propagation", "private", "sh", "-c", script, "sh", program, ...args];
  return askWithin(5_000)("unshare", own);
};

const FORCE = "ForceCommand /usr/local/bin/countersign login\n";
const CLOSED = `AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
`;
const WELL = "ok every login is asked for a code, by sshd -T";

/** What is said of this sshd_config, and of the mends all in one. */
async function examine(t: TestContext, config: string, asks = false) {
  const at = sandbox(t);
  const key = join(at, "key");
  await runOrThrow(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  plant(at, { sshd_config: `HostKey ${key}\nUsePAM yes\n${config}` });
  const findings = await examineSshd({
    programs: ["/usr/sbin/sshd"],
    config: join(at, "sshd_config"),
    exists: existsSync,
    ask: ASK,
    asksCountersign: () => asks,
    demandsPassword: () => false,
  });
  for (const { state, mend } of findings) assert.equal(mend === undefined, state === "ok");
  const strip = (text: string) => text.replaceAll(`${at}/`, "");
  return {
    said: strip(told(findings).join("\n")),
    mends: findings.flatMap(({ mend }) => (mend === undefined ? [] : [strip(mend)])),
  };
}

const said = async (t: TestContext, config: string, asks?: boolean) =>
  (await examine(t, config, asks)).said;

test("nothing is left uncovered where all forwarding is closed", SSHD, async (t) => {
  assert.equal(await said(t, FORCE + CLOSED), WELL);
  assert.equal(await said(t, `${FORCE}DisableForwarding yes\n`), WELL);
  assert.equal(await said(t, `ForceCommand "/opt/x/bin/countersign.js" login\n${CLOSED}`), WELL);
});

test("sshd's defaults leave forwarding open; the mend closes it", SSHD, async (t) => {
  const { said: words, mends } = await examine(t, FORCE);
  assert.equal(
    words,
    "warning who has no code may still forward TCP ports, Unix sockets, the agent",
  );
  assert.match(mends[0] ?? "", /^write AllowTcpForwarding no; Allow.* at the head of sshd_config/);
  const lines = (mends[0] ?? "").replace(/^write (.*) at the head.*$/, "$1").replaceAll("; ", "\n");
  assert.equal(await said(t, `${lines}\n${FORCE}`), WELL);
});

test("each forwarding is told by its name", SSHD, async (t) => {
  const open = (line: string) => said(t, `${line}\n${FORCE}${CLOSED}`);
  const forward = "warning who has no code may still forward";
  assert.equal(await open("AllowTcpForwarding local"), `${forward} TCP ports`);
  assert.equal(await open("AllowStreamLocalForwarding remote"), `${forward} Unix sockets`);
  assert.equal(await open("AllowAgentForwarding yes"), `${forward} the agent`);
  assert.equal(await open("X11Forwarding yes"), `${forward} X11`);
  assert.equal(await open("PermitTunnel yes"), "warning who has no code may still open a tunnel");
  assert.match(await open("PermitTunnel yes\nDisableForwarding yes"), /a tunnel$/);
});

test("an environment that runs commands first is a problem", SSHD, async (t) => {
  for (const pattern of ["*", "BASH_ENV", "LD_*", "?ASH_ENV", "BASH_FUNC_*"]) {
    const words = await said(t, `AcceptEnv ${pattern}\n${FORCE}${CLOSED}`);
    assert.ok(words.startsWith(`problem AcceptEnv ${pattern} lets a client run commands`), words);
  }
  const block = `${FORCE}${CLOSED}Match User alice\n  AcceptEnv BASH_ENV\n`;
  assert.match(await said(t, block), /^problem AcceptEnv BASH_ENV/);
  const own = await said(t, `PermitUserEnvironment yes\n${FORCE}${CLOSED}`);
  assert.match(own, /^warning PermitUserEnvironment: [^\n]*$/);
});

test("internal-sftp is no program to become", SSHD, async (t) => {
  const words = await said(
    t,
    `Subsystem sftp internal-sftp -l INFO\n${FORCE}${CLOSED.replace(/Subsystem.*\n/, "")}`,
  );
  assert.match(words, /^warning Subsystem sftp is internal-sftp[^\n]*$/);
});

test("Match blocks that ask nothing, or open what is closed, are pointed at", SSHD, async (t) => {
  const block = (line: string) => said(t, `${FORCE}${CLOSED}Match User backup\n  ${line}\n`);
  assert.match(
    await block("ForceCommand /bin/backup"),
    /^warning a Match block has another[^\n]*sshd_config:11\)$/,
  );
  assert.match(await block("ForceCommand none"), /^warning a Match block has another[^\n]*$/);
  assert.match(await block("AllowTcpForwarding yes"), /^warning a Match block lets some[^\n]*$/);
  assert.equal(await block("AllowTcpForwarding no"), WELL);
});

test("in a Match block it counts for that block alone", SSHD, async (t) => {
  const forced = `Match Group staff\n  ${FORCE}`;
  const alone = await said(t, `${CLOSED}${forced}`);
  assert.match(alone, /^warning ForceCommand asks for a code in Match blocks alone$/);
  const open = await said(t, `${CLOSED}AcceptEnv LANG\n${forced}  AllowTcpForwarding yes\n`);
  assert.match(open, /\nwarning who has no code may still forward TCP ports \(sshd_config:11\)$/);
  const both = `KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive\n`;
  assert.equal(await said(t, `${both}PasswordAuthentication no\n${CLOSED}${forced}`, true), WELL);
});

test("where neither PAM nor ForceCommand asks, nothing else is said", SSHD, async (t) => {
  const none = "ok neither sshd's PAM service nor a ForceCommand asks countersign";
  assert.equal(await said(t, "AcceptEnv *\n"), none);
  assert.equal(await said(t, "ForceCommand /bin/countersigned login\n"), none);
});
