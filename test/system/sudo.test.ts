/** A real sudo, at a terminal, whose PAM service asks the module. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { DaemonHost, withModule } from "../pam/daemon-host.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";

const SUDO = needs(
  ...["root", "mount namespaces", "make", "gcc", "libpam0g-dev", "oathtool", "tmux", "sudo"],
);

const PROMPT = /Verification code:/;
const RUN = "sudo -k; sudo sh -c 'echo in-$((40+2)) as $(id -un)'";

async function opened(t: TestContext, auth = "auth required MODULE") {
  const host = await DaemonHost.open(t);
  const { sandbox } = host;
  const rest = "account required pam_permit.so\nsession required pam_permit.so\n";
  await sandbox.pamService("sudo", `${withModule(auth)}\n${rest}`);
  // One question a call: a second one would take a test's next answer.
  const rules =
    "Defaults passwd_tries=1\nDefaults lecture=never\nalice ALL=(ALL) ALL\nbob ALL=(ALL) ALL\n";
  await sandbox.sh("cat > /etc/sudoers.d/test; chmod 440 /etc/sudoers.d/test", { input: rules });
  const start = (script = RUN, user = "alice", env = {}) => {
    const argv = ["sh", "-c", `trap : INT; ${script}\nset -- $?; echo; echo "ended: $1"`];
    const as = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return Terminal.start(t, sandbox.enter(["env", ...as, ...argv], user));
  };
  const ended = async (screen: Terminal) => {
    const last = await screen.shows(/^ended: \d+$/m);
    assert.equal(/^in-42 as root$/m.test(last), /^ended: 0$/m.test(last), last);
    return /^ended: 0$/m.test(last);
  };
  /** True when sudo ran the command after that answer. */
  const runs = async (code: string, user = "alice", env = {}) => {
    const screen = await start(RUN, user, env);
    await screen.shows(PROMPT);
    await screen.enter(code);
    return ended(screen);
  };
  return { host, start, ended, runs };
}

test("a code is good for one sudo; every other answer runs nothing", SUDO, async (t) => {
  const { host, runs } = await opened(t);
  const code = await host.phone.next();
  assert.equal(await runs(code), true);
  assert.equal(await runs(code), false);
  assert.equal(await host.lastVerdict(), "reject: replayed");
  assert.equal(await runs(await host.phone.wrong()), false);
  assert.equal(await host.lastVerdict(), "reject: wrong-code");
  assert.equal(await runs(""), false);
  assert.equal(await runs(await host.phone.next(), "bob"), false);
  assert.equal(await host.lastVerdict(), "unenrolled: not-enrolled");
  assert.equal(await runs(await host.phone.next()), true);
});

test("Ctrl-C and Ctrl-D at the prompt run nothing", SUDO, async (t) => {
  const { host, start, ended, runs } = await opened(t);
  // sudo says PAM_CONV_ERR for both.
  for (const key of ["C-c", "C-d"]) {
    const screen = await start();
    await screen.shows(PROMPT);
    await screen.press(key);
    assert.equal(await ended(screen), false, key);
    assert.equal(await host.lastVerdict(), "reject: cancelled", key);
  }
  assert.equal(await runs(await host.phone.next()), true);
});

test("where it may not ask it does not wait", SUDO, async (t) => {
  const { host, runs } = await opened(t);
  const never = ["sudo", "-n", "echo", "in"];
  const refused = await host.sandbox.run(never, { user: "alice", timeout: 10_000 });
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /sudo:/);
  const typed = (input: string) =>
    host.sandbox.run(["sudo", "-S", "-k", "echo", "in"], { user: "alice", input });
  assert.equal((await typed("")).code, 1);
  assert.equal((await typed(`${await host.phone.wrong()}\n`)).code, 1);
  assert.equal((await typed(`${await host.phone.next()}\n`)).stdout, "in\n");
  assert.equal(await runs(await host.phone.next()), true);
});

test("password and code both count", SUDO, async (t) => {
  const { host, start, ended } = await opened(t, "auth required pam_unix.so\nauth required MODULE");
  const answer = async (password: string, code: string) => {
    const screen = await start();
    await screen.shows(/password for alice:|Password:/);
    await screen.enter(password);
    await screen.shows(PROMPT);
    await screen.enter(code);
    return ended(screen);
  };
  assert.equal(await answer("Sommer2024", await host.phone.wrong()), false);
  assert.equal(await answer("Winter2024", await host.phone.next()), false);
  assert.equal(await answer("Sommer2024", await host.phone.next()), true);
});

test("a throttled user waits, and gets in once it is over", SUDO, async (t) => {
  const { host, runs } = await opened(t);
  await succeed(host.countersign, ["config", "set", "throttle.firstDelay", "300"]);
  const wrong = await host.phone.wrong();
  for (let count = 0; count < 5; count++) assert.equal(await runs(wrong), false);
  const code = await host.phone.next();
  assert.equal(await runs(code), false);
  assert.equal(await host.lastVerdict(), "throttled: too-many-failures");
  await succeed(host.countersign, ["user", "unlock", "alice"]);
  assert.equal(await runs(code), true);
});

test("neither the environment nor GECOS is asked who it is", SUDO, async (t) => {
  const { host, runs } = await opened(t);
  await host.sandbox.sh("chfn -f alice bob; chfn -f bob alice");
  const env = {
    ...MINIMAL_ENV,
    ...{ USER: "bob", LOGNAME: "bob", PAM_USER: "bob", SUDO_USER: "bob", HOME: "/home/bob" },
    ...{ COUNTERSIGN_HOME: "/home/alice", NODE_OPTIONS: "--require=/none", TZ: "Asia/Tokyo" },
    ...{ http_proxy: "http://127.0.0.1:1", LC_ALL: "C" },
  };
  const lastUser = async () => {
    const log = await succeed(host.countersign, ["audit", "list", "--json", "--last", "1"]);
    return JSON.parse(log)[0].user;
  };
  assert.equal(await runs(await host.phone.wrong(), "alice", env), false);
  assert.equal(await lastUser(), "alice");
  assert.equal(await runs(await host.phone.next(), "bob", env), false, "bob has no phone");
  assert.equal(await lastUser(), "bob");
  assert.equal(await runs(await host.phone.next(), "alice", env), true);
});
