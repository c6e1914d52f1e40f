/** The policy through real programs: ssh and sshd, sudo, and groups made on the machine. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Rule } from "../../src/core/policy/rule.ts";
import { succeed } from "../commands/enrolled.ts";
import { withModule } from "../pam/daemon-host.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SSH, SshHost } from "./ssh-host.ts";

const PARTS = SSH.skip ? SSH : needs("sudo");

/** As pam_countersign(8) tells to write it: the code alone, and pam_permit for exempt users. */
const STACK = "auth required MODULE\nauth required pam_permit.so";
const KEY_AND_CODE = `KbdInteractiveAuthentication yes
AuthenticationMethods publickey,keyboard-interactive:pam`;
const SUDOERS = "Defaults passwd_tries=1\nDefaults lecture=never\nALL ALL=(ALL) ALL\n";
const SETTINGS = "/etc/countersign/countersign.json";

/** ssh asks by a program, which notes that it was asked and takes the answer from a file. */
const ASKPASS = '#!/bin/sh\necho "$1" >> /root/asked\ncat /root/answer\n';
const ASKING = { ...MINIMAL_ENV, SSH_ASKPASS: "/root/askpass", SSH_ASKPASS_REQUIRE: "force" };

const ASKED = { in: true, asked: true };
const UNASKED = { in: true, asked: false };
const REFUSED = { in: false, asked: true };

/** alice, who is enrolled, and bob, who is not, behind a key and at sudo. */
async function opened(t: TestContext) {
  const ssh = await SshHost.open(t, { sshd: KEY_AND_CODE, pam: STACK });
  const { host } = ssh;
  const { sandbox, phone } = host;
  const rest = "account required pam_permit.so\nsession required pam_permit.so\n";
  await sandbox.pamService("sudo", `${withModule(STACK)}\n${rest}`);
  await sandbox.sh("cat > /root/askpass; chmod 755 /root/askpass", { input: ASKPASS });
  await sandbox.sh("cat > /etc/sudoers.d/test; chmod 440 /etc/sudoers.d/test", { input: SUDOERS });
  const right = () => phone.next();
  const wrong = await phone.wrong();

  /** A login by ssh that answers so where it is asked. */
  const bySsh = async (user: string, code = wrong, from = "127.0.0.1") => {
    const login = ssh.ssh(`-b ${from} ${user}@h`, "'echo in-$((40+2))'");
    const script = `cat > /root/answer; : > /root/asked; ${login} < /dev/null || true; cat /root/asked`;
    const said = await sandbox.sh(script, { input: `${code}\n`, env: ASKING });
    return { in: /^in-42$/m.test(said), asked: /Verification code:/.test(said) };
  };
  /** sudo, answered so where it asks. */
  const bySudo = async (user: string, code = wrong) => {
    const argv = ["sudo", "-S", "-k", "sh", "-c", "echo in-$((40+2)) as $(id -un)"];
    const { stdout, stderr } = await sandbox.run(argv, { user, input: `${code}\n` });
    return { in: stdout === "in-42 as root\n", asked: /Verification code:/.test(stderr) };
  };
  const policy = (...words: string[]) => succeed(host.countersign, ["policy", ...words]);
  return { host, sandbox, right, bySsh, bySudo, policy };
}

test("the policy decides who is asked by sshd and sudo", PARTS, async (t) => {
  const { host, sandbox, right, bySsh, bySudo, policy } = await opened(t);

  await t.test("a group of the host must pass, and others are not asked", async () => {
    // One administrator can pass throughout: nothing here shuts all of them out.
    await sandbox.sh("groupadd ops; groupadd -f sudo; usermod -aG ops,sudo alice");
    await policy("require", "--group", "ops");
    await policy("exempt", "--everyone", "--until", "2999-01-01");
    assert.deepEqual(await bySsh("alice"), REFUSED);
    assert.deepEqual(await bySsh("alice", await right()), ASKED);
    assert.equal(await host.lastVerdict(), "accept");
    assert.deepEqual(await bySudo("alice"), REFUSED);
    assert.deepEqual(await bySsh("bob"), UNASKED);
    assert.equal(await host.lastVerdict(), "exempt: rule-exempt");
    assert.deepEqual(await bySudo("bob"), UNASKED);
    await sandbox.sh("usermod -aG ops bob");
    assert.deepEqual(await bySsh("bob"), REFUSED, "a member by now");
    assert.equal(await host.lastVerdict(), "unenrolled: not-enrolled");
    await policy("remove", "1");
    await policy("remove", "1");
  });

  await t.test("from one network nobody is asked, and from another they are", async () => {
    await policy("exempt", "--everyone", "--network", "127.0.0.2/32", "--until", "2999-01-01");
    assert.deepEqual(await bySsh("alice", undefined, "127.0.0.2"), UNASKED);
    assert.deepEqual(await bySsh("alice", undefined, "127.0.0.1"), REFUSED);
    assert.deepEqual(await bySudo("alice"), REFUSED, "sudo comes from no network");
    await policy("remove", "1");
  });

  await t.test("sudo asks where sshd does not", async () => {
    await policy("exempt", "--everyone", "--service", "sshd", "--until", "2999-01-01");
    assert.deepEqual(await bySsh("alice"), UNASKED);
    assert.deepEqual(await bySudo("alice", await right()), ASKED);
    await policy("remove", "1");
  });

  /** Writes the rules by hand, or what they become; until the daemon has read them. */
  const byHand = async (rules: readonly Rule[], says: RegExp, become = (text: string) => text) => {
    const settings = JSON.parse(await sandbox.sh(`cat ${SETTINGS}`));
    const text = JSON.stringify({ ...settings, policy: { ...settings.policy, rules } });
    host.log = "";
    await sandbox.sh(`cat > ${SETTINGS}`, { input: become(text) });
    await host.says(says);
    return text;
  };
  const leave: Rule = { say: "exempt", users: ["alice"], until: "2999-01-01" };

  await t.test("edited by hand: a rule whose day is over exempts nobody", async () => {
    await byHand([leave], /settings read anew/);
    assert.deepEqual(await bySsh("alice"), UNASKED);
    await byHand([{ ...leave, until: "2020-01-01" }], /settings read anew/);
    assert.deepEqual(await bySsh("alice"), REFUSED);
    assert.match(await policy("show"), /2020-01-01/);
  });

  await t.test("saved half: the last good rules decide, and the log says so", async () => {
    const half = (text: string) => text.slice(0, -20);
    const whole = await byHand([leave], /SETTINGS NOT READ, the last good ones stay/, half);
    assert.deepEqual(await bySsh("alice"), REFUSED);
    assert.deepEqual(await bySsh("alice", await right()), ASKED);
    const shown = await host.countersign(["policy", "show"]);
    assert.notEqual(shown.code, 0);
    assert.match(shown.stderr, /^error: \/etc\/countersign\/countersign\.json: /);
    host.log = "";
    await sandbox.sh(`cat > ${SETTINGS}`, { input: whole });
    await host.says(/settings read anew/);
    assert.deepEqual(await bySsh("alice"), UNASKED);
    await policy("remove", "1");
  });

  await t.test("off, everybody passes, and each login is in the audit log", async () => {
    await policy("off", "--yes");
    assert.deepEqual(await bySsh("alice"), UNASKED);
    assert.deepEqual(await bySsh("bob"), UNASKED);
    assert.deepEqual(await bySudo("bob"), UNASKED);
    const log = await succeed(host.countersign, ["audit", "list", "--json", "--last", "3"]);
    const told = JSON.parse(log).map((event: Record<string, unknown>) =>
      ["user", "service", "verdict", "reason"].map((name) => event[name]).join(" "),
    );
    assert.deepEqual(told.toSorted(), [
      "alice sshd exempt policy-off",
      "bob sshd exempt policy-off",
      "bob sudo exempt policy-off",
    ]);
    await policy("on");
    assert.deepEqual(await bySsh("alice"), REFUSED);
  });
});
