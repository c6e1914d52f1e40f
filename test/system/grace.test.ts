/** Grace tickets with a real sudo: asked once in a terminal, and again in every other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { DaemonHost, withModule } from "../pam/daemon-host.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";

const SUDO = needs(
  ...["root", "mount namespaces", "make", "gcc", "libpam0g-dev", "oathtool", "tmux", "sudo"],
);

const PROMPT = /Verification code:/;
const STACK =
  "auth required MODULE\naccount required pam_permit.so\nsession required pam_permit.so";
/** sudo itself remembers nothing. */
const SUDOERS = `Defaults passwd_tries=1, timestamp_timeout=0, lecture=never
alice ALL=(ALL) ALL
`;

test("one code covers sudo in one terminal, until it is revoked", SUDO, async (t) => {
  const host = await DaemonHost.open(t);
  const { sandbox, phone, countersign } = host;
  await sandbox.pamService("sudo", `${withModule(STACK)}\n`);
  await sandbox.sh("cat > /etc/sudoers.d/test; chmod 440 /etc/sudoers.d/test", { input: SUDOERS });
  await succeed(countersign, ["config", "set", "totp.window", "10"]);
  const rule = ["policy", "require", "--everyone", "--service", "sudo", "--grace", "5m"];
  assert.equal(
    await succeed(countersign, rule),
    "rule 1: require everyone, at sudo; asked once in 5 minutes at a terminal\n",
  );

  const open = async () => {
    const screen = await Terminal.start(t, sandbox.enter(["sh"], "alice"), { env: { PS1: "$ " } });
    await screen.shows(/^\$/m);
    return screen;
  };
  let count = 0;
  /** Types it, and answers where it asks. */
  const run = async (screen: Terminal, code?: string) => {
    const mark = `done-${++count}`;
    await screen.enter(`clear; sudo echo in-$((40+2)); echo ${mark}-$?`);
    if (code !== undefined) {
      await screen.shows(PROMPT);
      await screen.enter(code);
    }
    const seen = await screen.shows(new RegExp(`^${mark}-\\d$`, "m"));
    assert.equal(PROMPT.test(seen), code !== undefined, seen);
    return /^in-42$/m.test(seen);
  };
  const tickets = async () => JSON.parse(await succeed(countersign, ["session", "list", "--json"]));

  const first = await open();
  assert.equal(await run(first, await phone.wrong()), false);
  assert.deepEqual(await tickets(), []);
  assert.equal(await run(first, await phone.next()), true);
  assert.equal(await run(first), true);
  assert.equal(await host.lastVerdict(), "accept: grace-ticket");
  const [{ since, until, ...ticket }, ...more] = await tickets();
  const place = { user: "alice", rhost: "", service: "sudo", method: "totp" };
  assert.deepEqual([ticket, more], [{ ...place, tty: ticket.tty }, []]);
  assert.equal(Date.parse(until) - Date.parse(since), 300_000);

  const second = await open();
  assert.equal(await run(second, await phone.next()), true, "another terminal is asked");
  assert.equal(await run(second), true);
  assert.equal((await tickets()).length, 2);

  const own = await succeed(
    (args) => sandbox.run([SANDBOX_CLI, ...args], { user: "alice" }),
    [...["session", "revoke", "--json"]],
  );
  assert.deepEqual(JSON.parse(own), { user: "alice", ended: 2 });
  assert.equal(await run(first, await phone.next()), true, "revoked");
  assert.equal(await run(first), true);

  await host.stop("SIGTERM");
  assert.equal(await run(first), true, "and the verifier of one login knows it as well");

  // Root hands one terminal to two login sessions of hers, one after the other.
  const login = "setsid -c -w setpriv --reuid=alice --regid=alice --init-groups";
  // Not `sudo tty`: sudo may run the command on a terminal of its own.
  const sudo = `${login} sh -c "tty; sudo true; sudo echo in-\\$((40+2))"`;
  const heirs = await Terminal.start(t, sandbox.enter(["sh", "-c", `${sudo}; ${sudo}; sleep 9`]));
  for (const times of [1, 2]) {
    await heirs.shows(new RegExp(`(?:Verification code:[^]*){${times}}`));
    await heirs.enter(await phone.next());
    await heirs.shows(new RegExp(`(?:^in-42$[^]*){${times}}`, "m"));
  }
  const screen = await heirs.screen();
  assert.equal(screen.match(/Verification code:/g)?.length, 2, screen);
  assert.equal(new Set(screen.match(/^\/dev\/\S+$/gm)).size, 1, screen);
});
