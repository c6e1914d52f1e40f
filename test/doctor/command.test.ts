/** The command itself: on a host of its own, through PAM files and an sshd that are real. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Finding } from "../../src/doctor/finding.ts";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";

const root = needs("root", "mount namespaces");

/** A program of root's own: the checkout may be anybody's. It is examined, never run. */
const GUARD = "/opt/guard/countersign";
const LINE = `auth required pam_exec.so quiet seteuid expose_authtok ${GUARD} verify --pam\nauth required pam_permit.so\n`;

const SSHD = `UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods publickey,keyboard-interactive
HostKey /etc/ssh/key
`;

async function openHost(t: TestContext): Promise<Sandbox> {
  const sandbox = await Sandbox.open(t);
  await sandbox.sh(
    `mkdir /opt/guard && printf '#!/bin/sh\\n' > ${GUARD} && chmod 755 ${GUARD}
    [ ! -e /run/systemd ] || rmdir /run/systemd`,
  );
  return sandbox;
}

async function examine(sandbox: Sandbox, user?: string) {
  const as = user === undefined ? {} : { user };
  const ended = await sandbox.run([SANDBOX_CLI, "doctor", "--json"], as);
  assert.equal(ended.stderr, "");
  const findings: Finding[] = JSON.parse(ended.stdout);
  const of = (check: string) =>
    findings
      .filter((finding) => finding.check === check)
      .map(({ state, message }) => `${state} ${message}`);
  return { code: ended.code, findings, of };
}

test("a bare host is told how to begin, and that is no problem", root, async (t) => {
  const sandbox = await openHost(t);
  const { code, findings, of } = await examine(sandbox);
  assert.equal(code, 0);
  assert.deepEqual(of("settings"), ["warning nothing is set up yet"]);
  assert.equal(findings.find(({ check }) => check === "settings")?.mend, "countersign init");
  assert.deepEqual(of("pam"), ["warning no service asks countersign"]);
  assert.deepEqual([of("key"), of("store")], [[], []]);
  assert.equal(
    await sandbox.sh("ls -A /var/lib; ls -d /etc/countersign 2>/dev/null || true"),
    "",
    "nothing was made",
  );
});

test("a host that is set up is well, and looking changes nothing", root, async (t) => {
  const sandbox = await openHost(t);
  await sandbox.sh(`${SANDBOX_CLI} init`);
  await sandbox.pamService("sudo", LINE);
  const all = "cd / && find /etc /var/lib -printf '%p %i %m %u %s %T@\\n' | sort";
  const before = await sandbox.sh(all);
  const { code, of } = await examine(sandbox);
  assert.equal(code, 0);
  for (const check of ["settings", "files", "key", "store", "daemon", "pam", "sshd"])
    assert.ok(
      of(check).every((line) => line.startsWith("ok ")),
      of(check).join("\n"),
    );
  assert.deepEqual(of("key"), ["ok key file /etc/countersign/master.key: fits the store"]);
  assert.deepEqual(of("pam"), ["ok sudo: ask for a code"]);
  assert.equal(await sandbox.sh(all), before);
});

test("so is one whose files are the daemon's own user's", root, async (t) => {
  const sandbox = await openHost(t);
  await sandbox.sh(`useradd --system --shell /usr/sbin/nologin countersign && ${SANDBOX_CLI} init`);
  const { of } = await examine(sandbox);
  for (const check of ["settings", "files", "key", "store", "daemon"])
    assert.ok(
      of(check).every((line) => line.startsWith("ok ")),
      of(check).join("\n"),
    );
  assert.equal(of("store")[0], "ok /var/lib/countersign/store.db: whole");
});

test("one cause is one problem, and the status says that there is one", root, async (t) => {
  const sandbox = await openHost(t);
  await sandbox.sh(`${SANDBOX_CLI} init`);
  const spoil = async (script: string, check: string, pattern: RegExp) => {
    await sandbox.sh(`cp -a /etc/countersign /etc/kept && ${script}`);
    const { code, findings, of } = await examine(sandbox);
    assert.equal(code, 1, script);
    assert.match(of(check).join("\n"), pattern);
    assert.equal(
      findings.filter(({ state }) => state === "problem").length,
      1,
      JSON.stringify(findings),
    );
    await sandbox.sh("rm -r /etc/countersign && mv /etc/kept /etc/countersign");
  };
  await spoil(
    "chmod 644 /etc/countersign/master.key",
    "files",
    /^problem .* can be read by others$/m,
  );
  await spoil(
    "rm /etc/countersign/master.key",
    "key",
    /^problem .* the store cannot be read without it$/m,
  );
  await spoil(
    "echo '{' > /etc/countersign/countersign.json",
    "settings",
    /^problem .* not valid JSON/m,
  );
  await spoil(
    'echo \'{"key":"systemd-credential"}\' > /etc/countersign/countersign.json',
    "key",
    /^problem systemd passed/m,
  );
  await spoil(
    "rm /etc/countersign/master.key; mkfifo -m 600 /etc/countersign/master.key",
    "files",
    /^problem .* not a regular file$/m,
  );
});

test("hostile files in /etc/pam.d hold nothing up", { ...root, timeout: 60_000 }, async (t) => {
  const sandbox = await openHost(t);
  await sandbox.sh(
    "mkfifo /etc/pam.d/fifo; head -c 10000000 /dev/zero | tr '\\0' x > /etc/pam.d/huge; echo '@include loop' > /etc/pam.d/loop",
  );
  const { code, of } = await examine(sandbox);
  assert.equal(code, 1);
  for (const name of ["fifo", "huge", "loop"])
    assert.ok(
      of("pam").some((line) => line.startsWith(`problem /etc/pam.d/${name}`)),
      of("pam").join("\n"),
    );
});

test("a person is told what is theirs alone", root, async (t) => {
  const sandbox = await openHost(t);
  await sandbox.addUser("sentry");
  const bare = await examine(sandbox, "sentry");
  assert.equal(bare.code, 0);
  assert.deepEqual(bare.of("settings"), ["warning nothing is set up yet"]);
  await sandbox.sh(`${SANDBOX_CLI} init`, { user: "sentry" });
  const { code, findings, of } = await examine(sandbox, "sentry");
  assert.equal(code, 0);
  assert.match(of("key").join("\n"), /^ok key file \/home\/sentry\/.*: fits the store$/);
  assert.ok(findings.every(({ check }) => !["pam", "sshd", "daemon"].includes(check)));
  await sandbox.sh("chmod 755 /home/sentry/.local/share/countersign", { user: "sentry" });
  assert.equal((await examine(sandbox, "sentry")).code, 1);
});

test(
  "sshd's own settings are judged",
  needs("root", "mount namespaces", "sshd", "ssh-keygen"),
  async (t) => {
    const sandbox = await openHost(t);
    await sandbox.sh(
      `${SANDBOX_CLI} init; mkdir -p /run/sshd; rm -f /etc/ssh/key; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/key`,
    );
    await sandbox.pamService("sshd", LINE);
    const say = async (config: string) => {
      await sandbox.sh("cat > /etc/ssh/sshd_config", { input: config });
      const { code, of } = await examine(sandbox);
      return { code, said: of("sshd").join("\n") };
    };
    assert.deepEqual(await say(SSHD), {
      code: 0,
      said: "ok every login is asked for a code, by sshd -T",
    });
    const deaf = await say(
      SSHD.replace("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no"),
    );
    assert.equal(deaf.code, 1);
    assert.match(deaf.said, /^problem KbdInteractiveAuthentication is no/);
    const open = await say(SSHD.replace(/^Auth.*\n/m, ""));
    assert.deepEqual(open, {
      code: 0,
      said: "warning publickey alone lets in without a code\nwarning keyboard-interactive alone lets in with the code and nothing else",
    });
    await sandbox.sh("rmdir /run/sshd");
    assert.match(
      (await say(SSHD)).said,
      /^ok .* by \/etc\/ssh\/sshd_config$/,
      "where sshd refuses to say",
    );
  },
);

test(
  "pam_exec does hand a password on as the code, as the doctor says",
  needs("root", "mount namespaces", "pamtester"),
  async (t) => {
    const sandbox = await openHost(t);
    await sandbox.addUser("sentry");
    await sandbox.sh(
      `echo sentry:secret | chpasswd; printf '#!/bin/sh\\ncat > /opt/guard/heard\\n' > ${GUARD}`,
    );
    await sandbox.pamService("both", `auth required pam_unix.so\n${LINE}`);
    const login = { input: "secret\n123456\n" };
    await sandbox.run(["pamtester", "both", "sentry", "authenticate"], login);
    assert.match(await sandbox.sh("cat /opt/guard/heard"), /^secret\0?$/);
    await sandbox.sh(`${SANDBOX_CLI} init`);
    assert.match(
      (await examine(sandbox)).of("pam").join("\n"),
      /^problem both: pam_unix.so .* same answer/,
    );
  },
);

test("text for people: no colour and no wrapping in a pipe, a count at the end", async (t) => {
  const home = await Home.make(t);
  const ended = await home.run(["doctor"]);
  assert.equal(ended.code, 0);
  assert.match(
    ended.stdout,
    /^warning {2}settings {2}nothing is set up yet\n {19}try: countersign init\n/m,
  );
  assert.match(ended.stdout, /\n\n(1 warning|2 warnings)\n$/);
  assert.doesNotMatch(ended.stdout, /\x1b/);
});

test(
  "on a terminal 80 columns hold it, in colour unless NO_COLOR",
  needs("root", "mount namespaces", "tmux"),
  async (t) => {
    const sandbox = await openHost(t);
    const show = async (...env: string[]) => {
      const terminal = await Terminal.start(
        t,
        sandbox.enter(["env", ...env, SANDBOX_CLI, "doctor"]),
        { rows: 40 },
      );
      const screen = await terminal.shows(/^\d warnings?$/m);
      return { lines: screen.split("\n"), colour: await terminal.screenInColour() };
    };
    const { lines, colour } = await show();
    const mend = lines.slice(lines.findIndex((line) => line.includes("try: enroll first")));
    assert.match(mend.slice(0, 4).join("\n"), /^( {19}\S.*\n){3}/, "wrapped under its message");
    assert.ok(lines.every((line) => line.length <= 80));
    assert.match(colour, /\x1b\[33mwarning/);
    assert.doesNotMatch((await show("NO_COLOR=1")).colour, /\x1b\[3[0-9]m/);
  },
);
