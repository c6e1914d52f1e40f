/** A real sudo, at a terminal, behind which a push is approved, denied or given up. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DaemonHost, withModule } from "../pam/daemon-host.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { DuoDesk } from "./duo-desk.ts";

const SUDO = needs(
  ...["root", "mount namespaces", "make", "gcc", "libpam0g-dev", "oathtool", "tmux", "sudo"],
  "openssl",
);
const PROMPT = /Verification code \(or push\):/;
const COMMAND = "echo in-$((40+2)) as $(id -un)";
const WAITING = /Pushed a login request to your device/;

async function opened(t: TestContext) {
  const host = await DaemonHost.open(t);
  const desk = await DuoDesk.open(t, host);
  const { sandbox } = host;
  const rest = "account required pam_permit.so\nsession required pam_permit.so\n";
  await sandbox.pamService("sudo", `${withModule("auth required MODULE")}\n${rest}`);
  const rules = "Defaults passwd_tries=1\nDefaults lecture=never\nbob ALL=(ALL) ALL\n";
  await sandbox.sh("cat > /etc/sudoers.d/test; chmod 440 /etc/sudoers.d/test", { input: rules });
  const start = async (command = COMMAND, argument = "") => {
    const script = `sudo -k; sudo sh -c '${command}' ${argument}`.trimEnd();
    const argv = ["sh", "-c", `trap : INT; ${script}\nset -- $?; echo; echo "ended: $1"`];
    const screen = await Terminal.start(t, sandbox.enter(argv, "bob"));
    await screen.shows(PROMPT);
    await screen.enter("push");
    return screen;
  };
  const ended = async (screen: Terminal) => {
    const last = await screen.shows(/^ended: \d+$/m);
    assert.equal(/^in-42 as root$/m.test(last), /^ended: 0$/m.test(last), last);
    return /^ended: 0$/m.test(last);
  };
  return { desk, host, start, ended };
}

test("a push that is approved runs the command; one that is not does not", SUDO, async (t) => {
  const { desk, host, start, ended } = await opened(t);
  desk.at("bob", {});
  const screen = await start();
  await screen.shows(WAITING);
  desk.standIn.account.answer("bob", "allow");
  assert.equal(await ended(screen), true);
  assert.equal(await host.lastVerdict(), "accept");
  for (const [answer, reason] of [
    ["deny", "denied"],
    ["fraud", "fraud"],
    ["timeout", "timed-out"],
  ] as const) {
    desk.at("bob", { answer });
    assert.equal(await ended(await start()), false, answer);
    assert.equal(await host.lastVerdict(), `reject: ${reason}`);
  }
  assert.equal(desk.pushes, 4);
});

for (const verifier of ["daemon", "verifier"] as const) {
  test(`Ctrl-C stops waiting, and the approval comes too late: ${verifier}`, SUDO, async (t) => {
    const { desk, host, start, ended } = await opened(t);
    if (verifier === "verifier") await host.stop("SIGTERM");
    desk.at("bob", {});
    const screen = await start();
    await screen.shows(WAITING);
    await screen.press("C-c");
    assert.equal(await ended(screen), false);
    desk.standIn.account.answer("bob", "allow");
    assert.equal(await host.lastVerdict(), "reject: cancelled");
    assert.equal(desk.pushes, 1);
  });
}

test("the phone shows what was typed, without what a log or a screen obeys", SUDO, async (t) => {
  const { desk, host, start, ended } = await opened(t);
  desk.at("bob", { answer: "allow" });
  const name = (await host.sandbox.sh("hostname")).trim();
  const shown = async (argument: string) => {
    assert.equal(await ended(await start(COMMAND, argument)), true);
    const { service, host: at, command } = desk.shown;
    assert.deepEqual([service, at], ["sudo", name]);
    return command;
  };
  const typed = `sudo sh -c ${COMMAND}`;
  assert.equal(await shown(""), typed);
  assert.equal(await shown("'a\nb\u001b[2J\u202e\u009bö'"), `${typed} a b[2Jö`);
  assert.equal(await shown("x".repeat(2000)), `${typed} ${"x".repeat(2000)}`.slice(0, 256));
  // What is no UTF-8 is left out as a whole: cut at that place it would be another command.
  assert.equal(await shown("\"$(printf 'a\\377b')\""), undefined);
  assert.equal(desk.pushes, 4);
});
