/** Set up within the login, by a real ssh, sudo and ForceCommand: a QR code, a code of it, and in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { type DaemonHost, withModule } from "../pam/daemon-host.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { CODE, keyOn, ROWS, scan, setUp } from "./enrollee.ts";
import { FORCED, SSH, SshHost } from "./ssh-host.ts";

const TOOLS = needs("zbarimg", "sudo");
const PARTS = TOOLS.skip ? TOOLS : SSH;
const STACK = "auth requisite pam_unix.so\nauth required MODULE enroll";
const IN = "'echo in-$((40+2))'";

/** bob has nothing enrolled. */
async function statusOfBob({ countersign }: DaemonHost): Promise<string> {
  const [bob] = JSON.parse(await succeed(countersign, ["user", "list", "--json"])).filter(
    ({ user }: { user: string }) => user === "bob",
  );
  return bob?.status ?? "none";
}

async function withPassword(terminal: Terminal, password = "Sommer2024"): Promise<void> {
  await terminal.shows(/\) Password:/);
  await terminal.enter(password);
}

/** What sshd asks for before PAM, from its next connection on. */
async function ask({ sandbox }: DaemonHost, settings: string): Promise<void> {
  await sandbox.sh("sed -i '/^AuthenticationMethods/d' /etc/ssh/test_config");
  await sandbox.sh("cat >> /etc/ssh/test_config", { input: `${settings}\n` });
}

/** bob has nothing, and this rule is the only one. */
async function anew({ countersign }: DaemonHost, ...rule: readonly string[]): Promise<void> {
  await countersign(["reset", "bob", "--yes"]);
  await countersign(["policy", "remove", "1"]);
  await succeed(countersign, ["policy", "require", "--user", "bob", ...rule]);
}

test("whoever has nothing enrolled is set up in the login", PARTS, async (whole) => {
  const ssh = await SshHost.open(whole, {
    sshd: "KbdInteractiveAuthentication yes\nAuthenticationMethods keyboard-interactive",
    pam: STACK,
  });
  const { host } = ssh;
  const login = (command = "") => ssh.start(ssh.ssh("-t bob@h", command), ROWS);

  await whole.test("behind a password: Ctrl-C leaves nothing, and then they are in", async (t) => {
    await anew(host, "--unenrolled", "enroll");
    const stranger = await login();
    await withPassword(stranger, "guessed");
    assert.doesNotMatch(await stranger.shows(/^ended: \d+$/m), /second factor|Key|##/);

    const first = await login();
    await withPassword(first);
    const shown = await first.shows(CODE);
    assert.match(shown, /\(bob@127.0.0.1\) This account needs a second factor/);
    const uri = await scan(t, first, "ascii");
    assert.equal(uri.searchParams.get("secret"), keyOn(shown));
    assert.ok(decodeURIComponent(uri.pathname).endsWith(":bob"));
    await first.enter("12345");
    await first.shows(/\) That code does not fit/);
    await first.press("C-c");
    await first.shows(/^ended: \d+$/m);
    assert.equal(await statusOfBob(host), "none");

    const second = await login();
    await withPassword(second);
    assert.notEqual(keyOn(await second.shows(CODE)), keyOn(shown));
    const phone = await setUp(second);
    await second.shows(/^\$/m);
    await second.enter("echo as-$(id -un)");
    await second.shows(/^as-bob$/m);
    assert.equal(await statusOfBob(host), "active");

    const third = await login(IN);
    await withPassword(third);
    await third.shows(/\) Verification code:$/m);
    await third.enter(await phone.next());
    await third.shows(/^in-42/m);
  });

  await whole.test(
    "before the date: sshd shows the reminder with the shell, and asks nothing",
    async () => {
      await anew(host, "--by", "2999-01-01");
      const terminal = await login();
      await withPassword(terminal);
      await terminal.shows(/^From 2999-01-01 00:00 UTC on, logging in takes a second factor/m);
      await terminal.shows(/^\$/m);
    },
  );

  await whole.test("by sudo, drawn in UTF-8 as its locale has it, in 24 rows", async (t) => {
    await anew(host, "--unenrolled", "enroll");
    const { sandbox } = host;
    const rest = "account required pam_permit.so\nsession required pam_permit.so\n";
    await sandbox.pamService("sudo", `${withModule(STACK)}\n${rest}`);
    const rules = "Defaults passwd_tries=1\nDefaults lecture=never\nbob ALL=(ALL) ALL\n";
    await sandbox.sh("cat > /etc/sudoers.d/test; chmod 440 /etc/sudoers.d/test", { input: rules });
    const command = ["sudo", "sh", "-c", "echo in-$((40+2)) as $(id -un); read -r stays"];
    const argv = sandbox.enter(["env", "LC_ALL=C.UTF-8", ...command], "bob");
    const terminal = await Terminal.start(t, argv);
    await terminal.shows(/password for bob:/);
    await terminal.enter("Sommer2024");
    const shown = await terminal.shows(CODE);
    const uri = await scan(t, terminal, "utf8");
    assert.equal(uri.searchParams.get("secret"), keyOn(shown));
    await setUp(terminal);
    await terminal.shows(/^in-42 as root$/m);
  });

  await whole.test("behind a key, by invitation, drawn in UTF-8 in 24 rows", async (t) => {
    await anew(host, "--unenrolled", "invite");
    const edits = "-e '/^auth requisite pam_unix/d' -e 's/ enroll$/ enroll=utf8/'";
    await host.sandbox.sh(`sed -i ${edits} /etc/pam.d/sshd`);
    await ask(host, "AuthenticationMethods publickey,keyboard-interactive");
    const bounds = ["--from", "127.0.0.0/8", "--expires", "2h"];
    const made = await succeed(host.countersign, ["invite", "create", "bob", ...bounds, "--json"]);
    const { code } = JSON.parse(made);
    const guest = await ssh.start(`LC_ALL=C.UTF-8 ${ssh.ssh("-t bob@h", IN)}`);
    await guest.shows(/\) This account is set up by invitation[\s\S]*Invitation code:$/m);
    await guest.enter("0000-0000-0000-0000");
    await guest.shows(
      /\) That invitation is not good here, or not any more\.\s+Invitation code:$/m,
    );
    await guest.enter(code);
    const shown = await guest.shows(CODE);
    assert.equal((await scan(t, guest, "utf8")).searchParams.get("secret"), keyOn(shown));
    await setUp(guest);
    await guest.shows(/^in-42/m);
    const listed = await succeed(host.countersign, ["invite", "list", "bob", "--json"]);
    assert.equal(JSON.parse(listed)[0].status, "used");
    assert.ok(!listed.includes(code));
  });

  await whole.test("by ForceCommand; hung up on in the middle it leaves nothing", async () => {
    await anew(host, "--unenrolled", "enroll");
    await ask(host, `AuthenticationMethods publickey\n${FORCED}`);
    const first = await login();
    await first.shows(CODE);
    await first.close();
    const second = await login();
    await second.shows(CODE);
    assert.equal(await statusOfBob(host), "none");
    await setUp(second);
    await second.shows(/^\$/m);
  });

  await whole.test("without a daemon the verifier does it, for this one login", async () => {
    await anew(host, "--unenrolled", "enroll");
    await host.stop("SIGTERM");
    await host.stack("auth required MODULE enroll");
    const { said } = await host.harness([], { user: "bob" });
    assert.ok(said.some((line) => /^info Key {6}([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/.test(line)));
    assert.equal(said.at(-1), "shown Code from the app: ");
    assert.equal(await statusOfBob(host), "none");
  });
});
