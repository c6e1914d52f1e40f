/** login, as sshd's ForceCommand runs it: through the real daemon, as the user who logged in. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { Host } from "../daemon/host.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV, type Run, type RunOptions } from "../support/run.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { enroll, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const parts = needs("root", "mount namespaces", "oathtool", "setpriv");
const terminal = needs("root", "mount namespaces", "oathtool", "setpriv", "tmux");

const LOGIN = [SANDBOX_CLI, "login"];

async function opened(t: TestContext) {
  const { host, phone } = await Host.enrolled(t);
  const login = (command: string | undefined, options: RunOptions = {}, user = "alice") =>
    host.sandbox.run(LOGIN, { ...options, user, env: environment(command, options.env) });
  return { host, phone, login };
}

/** As sshd sets it. */
function environment(command: string | undefined, more = {}): Record<string, string> {
  const own = command === undefined ? {} : { SSH_ORIGINAL_COMMAND: command };
  return { ...MINIMAL_ENV, SSH_CONNECTION: "192.0.2.7 4711 192.0.2.1 22", ...own, ...more };
}

async function lastEvent(host: Host) {
  const log = await succeed(host.as(), ["audit", "list", "--json", "--last", "1"]);
  return JSON.parse(log)[0];
}

/** Let in: it wrote that, and nothing else. */
function assertWrote({ stdout, stderr, code }: Run, expected: string): void {
  assert.deepEqual([stdout, stderr, code], [expected, "", 0]);
}

/** Refused in two lines; a question may stand before them. */
function assertRefused(ended: Run, code: number, message: RegExp): void {
  const stderr = ended.stderr.replace(/^Verification code: /, "");
  if (message.source === "verification failed") {
    assert.deepEqual([ended.stdout, stderr, ended.code], ["", `error: ${message.source}\n`, code]);
  } else assertFailure({ ...ended, stderr }, code, message);
}

const NO_CODE = /no code came, and there is no terminal/;

test("the first line is the code, and every byte behind it is the command's", parts, async (t) => {
  const { host, phone, login } = await opened(t);
  const data = Buffer.concat([Buffer.from("\n\0\r\n"), randomBytes(1_000_000)]);
  const hash = createHash("sha256").update(data).digest("hex");
  for (const feed of ["\n", "\r\n"]) {
    const input = Buffer.concat([Buffer.from(`${await phone.next()}${feed}`), data]);
    assertWrote(await login("sha256sum", { input }), `${hash}  -\n`);
  }
  const { verdict, user, service, rhost } = await lastEvent(host);
  assert.deepEqual([verdict, user, service, rhost], ["accept", "alice", "sshd", "192.0.2.7"]);
});

test("the command is run as sshd would run it", parts, async (t) => {
  const { phone, login } = await opened(t);
  const run = async (command: string | undefined, more = "") =>
    login(command, { input: `${await phone.next()}\n${more}` });
  assertWrote(await run('printf "<%s>" "$0" a\\ b \'$x\'; exit'), "<sh><a b><$x>");
  // An empty command is one: no login shell.
  assertWrote(await run(""), "");
  assertWrote(await run(undefined, 'echo "$0 $(id -un)"'), "-sh alice\n");
  assert.equal((await run("exit 7")).code, 7);
  assert.equal((await run("kill -TERM $$")).signal, "SIGTERM");
  const variables = await run("env | cut -d= -f1 | grep -v ^PWD$ | sort");
  assert.deepEqual(variables.stdout.split("\n"), ["LANG", "PATH", "SSH_CONNECTION", ""]);
});

/** What a process inherits: signals, descriptors and how they block, limits. */
const INHERITED = `
grep -E '^Sig(Ign|Blk)' /proc/self/status
for fd in /proc/self/fd/*; do echo "\${fd##*/}"; done
for fd in 0 1 2; do grep flags "/proc/self/fdinfo/$fd"; done
ulimit -a; umask; pwd`;

test("signals, descriptors and limits are those that sshd gave", parts, async (t) => {
  const { host, phone } = await opened(t);
  const limits = ["prlimit", "--nofile=777:2000", "--core=51200:unlimited", "--"];
  const env = environment(INHERITED);
  const options = { env, user: "alice", input: `${await phone.next()}\n` };
  const ours = await host.sandbox.run([...limits, ...LOGIN], options);
  const own = await host.sandbox.run([...limits, "sh", "-c", INHERITED], options);
  assert.match(own.stdout, /nofiles\D+777\n/);
  assert.match(own.stdout, /coredump\D+100\n/);
  assertWrote(ours, own.stdout);
});

test("what nobody typed is refused at once, and counts as no attempt", parts, async (t) => {
  const { host, phone, login } = await opened(t);
  const inputs: Readonly<Record<string, string | Buffer>> = {
    nothing: "",
    "sftp's first packet": Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]),
    "rsync's version": Buffer.from([0x1f, 0, 0, 0]),
    "scp's first byte": Buffer.from([0]),
    "a code without its line's end": await phone.next(),
    "a code with a NUL": `${await phone.next()}\0\n`,
    "a long line": `${" ".repeat(70)}${await phone.next()}\n`,
  };
  for (const [name, input] of Object.entries(inputs)) {
    const begun = Date.now();
    assertRefused(await login("echo in", { input }), 1, NO_CODE);
    assert.ok(Date.now() - begun < 10_000, name);
    assert.equal((await lastEvent(host)).reason, "end-of-input", name);
  }
  const code = await phone.next();
  assertWrote(await login("echo in", { input: `${code}\n` }), "in\n");
});

test("wrong, replayed, unenrolled and throttled stay out, each by its status", parts, async (t) => {
  const { host, phone, login } = await opened(t);
  await succeed(host.as(), ["config", "set", "throttle.firstDelay", "300"]);
  const answer = (code: string, user?: string) =>
    login("echo in", { input: `${code}\nrest` }, user);
  const code = await phone.next();
  assertWrote(await answer(code), "in\n");
  assertRefused(await answer(code), 1, /verification failed/);
  assert.equal((await lastEvent(host)).reason, "replayed");
  assertRefused(await answer(await phone.wrong(), "bob"), 3, /verification failed/);
  for (let count = 1; count < 5; count++) {
    assertRefused(await answer(await phone.wrong()), 1, /verification failed/);
  }
  assertRefused(await answer(await phone.next()), 4, /too many failed attempts/);
  await succeed(host.as(), ["user", "unlock", "alice"]);
  assertWrote(await answer(await phone.next()), "in\n");
});

test("a hostile environment changes no verdict and no identity", parts, async (t) => {
  const { host, phone, login } = await opened(t);
  await succeed(host.as(), ["config", "set", "throttle.freeFailures", "100"]);
  // A store of the attacker's own, in which they have a phone.
  const trial = { COUNTERSIGN_HOME: "/home/alice/trial" };
  const own = (args: readonly string[], options = {}) =>
    host.sandbox.run([SANDBOX_CLI, ...args], {
      ...options,
      user: "alice",
      env: { ...MINIMAL_ENV, ...trial, HOME: "/home/alice" },
    });
  const planted = await enroll(own);
  const hostile: Readonly<Record<string, string>> = {
    ...trial,
    HOME: "/home/alice/trial",
    XDG_CONFIG_HOME: "/home/alice/trial",
    XDG_DATA_HOME: "/home/alice/trial",
    SHELL: "/bin/false",
    USER: "bob",
    LOGNAME: "bob",
    PAM_USER: "bob",
    SUDO_USER: "bob",
    SUDO_UID: "1001",
    NODE_OPTIONS: "--require=/home/alice/none.js",
    http_proxy: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
    LC_ALL: "tr_TR.UTF-8",
    COUNTERSIGN_LIMITS: "0 0",
    SSH_CONNECTION: "\u001b[2Jnonsense",
    SSH_TTY: "/etc/shadow",
  };
  const environments = [hostile, ...Object.entries(hostile).map(([key, it]) => ({ [key]: it }))];
  const refused = environments.map(async (env) => {
    const ended = await login("echo in", { env, input: `${await planted.phone.wrong()}\n` });
    assertRefused(ended, 1, /verification failed/);
  });
  await Promise.all(refused);
  const last = ["audit", "list", "--json", "--last", `${environments.length}`];
  const events: { user: string }[] = JSON.parse(await succeed(host.as(), last));
  assert.deepEqual([...new Set(events.map(({ user }) => user))], ["alice"]);
  const others = await login("echo in", { env: hostile, input: `${await planted.phone.next()}\n` });
  assertRefused(others, 1, /verification failed/);
  const input = `${await phone.next()}\n`;
  assertWrote(await login('echo "$0"; id -un', { env: hostile, input }), "sh\nalice\n");
});

test("nobody gets in where nothing can be judged", parts, async (t) => {
  const { host, phone, login } = await opened(t);
  const input = `${await phone.next()}\n`;
  const mistyped = await host.sandbox.run([...LOGIN, "x"], { user: "alice", input });
  assertFailure(mistyped, 2, /takes no arguments/);
  const latin = 'export SSH_ORIGINAL_COMMAND="$(printf "echo \\351")"; exec "$@"';
  const options = { user: "alice", input };
  const odd = await host.sandbox.run(["sh", "-c", latin, "sh", ...LOGIN], options);
  assertFailure(odd, 2, /not UTF-8/);
  await host.sandbox.sh("mv /run/countersign/socket /run/countersign/elsewhere");
  assertFailure(await login("echo in", { input }), 5, /countersignd is not running/);
  await host.sandbox.sh("mv /run/countersign/elsewhere /run/countersign/socket");
  assertWrote(await login("echo in", { input }), "in\n");
});

test(
  "while settings do not parse, the daemon's last good ones decide, as they do for PAM",
  parts,
  async (t) => {
    const { host, phone, login } = await opened(t);
    await host.sandbox.sh("echo '{' > /etc/countersign/countersign.json");
    assertWrote(await login("echo in", { input: `${await phone.next()}\n` }), "in\n");
    assertRefused(await login("echo in", { input: "000000\n" }), 1, /verification failed/);
  },
);

test("a shell that lets nobody in is what sshd would run", parts, async (t) => {
  const { host, phone, login } = await opened(t);
  await host.sandbox.sh("usermod -s /usr/sbin/nologin alice");
  const ended = await login("echo in", { input: `${await phone.next()}\n` });
  assert.deepEqual([ended.code, ended.stdout.includes("in\n")], [1, false]);
  await host.sandbox.sh("usermod -s /no/such/shell alice");
  const input = `${await phone.next()}\n`;
  assertFailure(await login("echo in", { input }), 2, /no such command/);
  await host.sandbox.sh("usermod -s /bin/sh alice");
  assertWrote(await login("echo in", { input }), "in\n");
});

test("root logs in with a daemon and without", parts, async (t) => {
  const { host } = await opened(t);
  const { phone } = await enroll(host.as(), "root");
  const login = async () => {
    const options = { env: environment("id -un"), input: `${await phone.next()}\n` };
    return host.sandbox.run(LOGIN, options);
  };
  assertWrote(await login(), "root\n");
  await host.sandbox.sh("mv /run/countersign/socket /run/countersign/elsewhere");
  assertWrote(await login(), "root\n");
  await host.sandbox.sh("mv /run/countersign/elsewhere /run/countersign/socket");
});

test("at a terminal it asks there, and the shell is an ordinary one", terminal, async (t) => {
  const { host, phone } = await opened(t);
  await host.sandbox.sh("usermod -s /bin/bash alice; touch /home/alice/.hushlogin");
  const enter = (...argv: string[]) => Terminal.start(t, host.sandbox.enter(argv, "alice"));
  const settings = async (screen: Terminal) => {
    await screen.enter("clear; stty -a | cksum; echo $- $0 $SHLVL $(tty | cut -c1-9); true");
    return (await screen.shows(/^him\w+ -bash .*$/m)).split("\n").filter((line) => line !== "");
  };
  const plain = await enter("sh", "-c", "exec bash -c 'exec -a -bash bash'");
  const screen = await enter(...LOGIN);
  await screen.shows("Verification code:");
  await screen.enter(await phone.next());
  await screen.shows(/\$ *$/m);
  const [[sum, shell], [plainSum]] = [await settings(screen), await settings(plain)];
  assert.equal(sum, plainSum);
  assert.equal(shell, "himBHs -bash 1 /dev/pts/");
  // It says so itself once it runs: a key pressed before would be the shell's.
  await screen.enter("clear; sh -c 'echo now; echo asleep; exec sleep 100'");
  await screen.shows(/^asleep$/m);
  await screen.press("C-z");
  await screen.shows("Stopped");
  await screen.enter("kill %1; wait; exit");
  await screen.enter("");
});

test("Ctrl-C, Ctrl-D and a wrong code at the prompt give no shell", terminal, async (t) => {
  const { host, phone } = await opened(t);
  const ways: Readonly<Record<string, (screen: Terminal) => Promise<void>>> = {
    "Ctrl-C": (screen) => screen.press("C-c"),
    "Ctrl-D": (screen) => screen.press("C-d"),
    "a wrong code": async (screen) => screen.enter(await phone.wrong()),
  };
  const script = `${LOGIN.join(" ")}; echo "ended: $?"`;
  for (const [name, act] of Object.entries(ways)) {
    const argv = host.sandbox.enter(["sh", "-c", script], "alice");
    const screen = await Terminal.start(t, argv);
    await screen.shows("Verification code:");
    await act(screen);
    assert.match(await screen.shows(/ended: \d/), /error: verification failed\nended: 1/, name);
  }
});
