/** The README's set-up of sshd, word for word, with a real sshd and a real ssh. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { enroll } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";

const parts = needs("root", "mount namespaces", "oathtool", "tmux", "sshd", "ssh", "ssh-keygen");

/** The indented lines of the README that begin with one of these words. */
function readme(...first: readonly string[]): string {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => /^ {4}/.test(line));
  return lines
    .map((line) => line.trim())
    .filter((line) => first.some((word) => line.startsWith(`${word} `)))
    .join("\n");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Runs sshd as a child of ours, so that it can be ended by its id whatever became of the sandbox. */
async function serve(t: TestContext, sandbox: Sandbox): Promise<void> {
  const [file = "", ...args] = sandbox.enter([
    "/usr/sbin/sshd",
    "-D",
    "-e",
    "-f",
    "/etc/ssh/test_config",
  ]);
  const sshd = spawn(file, args, { env: MINIMAL_ENV, stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => sshd.kill());
  for await (const line of createInterface(sshd.stderr)) if (line.includes("listening on")) break;
  sshd.stderr.resume();
}

/** A host set up by the README, with alice enrolled and her key known. */
async function host(t: TestContext) {
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("alice");
  const pam = readme("auth").replaceAll("/usr/local/bin/countersign", SANDBOX_CLI);
  const port = await freePort();
  const config = `${readme("UsePAM", "KbdInteractiveAuthentication", "PasswordAuthentication", "AuthenticationMethods")}
Port ${port}
ListenAddress 127.0.0.1
HostKey /etc/ssh/test_key
PidFile none
`;
  await sandbox.sh("cat > /etc/ssh/test_config", { input: config });
  await sandbox.sh("cat > /run/pam-lines", { input: `${pam}\n` });
  await sandbox.sh(`
    mkdir -p /run/sshd
    sed -i -e '/^@include common-auth/{r /run/pam-lines' -e 'd}' /etc/pam.d/sshd
    grep -q pam_exec /etc/pam.d/sshd
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_key
    ssh-keygen -q -t ed25519 -N '' -f /root/key
    install -d -m 700 -o alice -g alice /home/alice/.ssh
    install -m 600 -o alice -g alice /root/key.pub /home/alice/.ssh/authorized_keys`);
  await serve(t, sandbox);
  const { phone } = await enroll((args, options) => sandbox.run([SANDBOX_CLI, ...args], options));
  const ssh = [
    ...["ssh", "-F", "none", "-p", String(port), "-i", "/root/key"],
    ...["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no"],
    ...["-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1", "alice@127.0.0.1"],
  ];
  const login = (...command: string[]) =>
    Terminal.start(t, sandbox.enter([...ssh, ...command]), { columns: 80, rows: 24 });
  return { sandbox, phone, login };
}

test("a key and a code log in; the same code does not again", parts, async (t) => {
  const { phone, login } = await host(t);
  const code = await phone.next();
  const first = await login("echo in-$((40+2)) as $(id -un)");
  await first.shows(/assword:/);
  await first.enter(code);
  await first.shows("in-42 as alice");

  const second = await login("echo in-$((40+2))");
  await second.shows(/assword:/);
  await second.enter(code);
  await second.shows(/Permission denied/);
});

test("a key and a wrong code do not", parts, async (t) => {
  const { sandbox, phone, login } = await host(t);
  const terminal = await login("echo in-$((40+2))");
  await terminal.shows(/assword:/);
  await terminal.enter(await phone.wrong());
  await terminal.shows(/Permission denied/);
  const log = await sandbox.sh(`${SANDBOX_CLI} audit list --json --last 1`);
  const [{ verdict, service, rhost }] = JSON.parse(log);
  assert.deepEqual([verdict, service, rhost], ["reject", "sshd", "127.0.0.1"]);
});
