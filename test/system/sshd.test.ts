/** The README's set-up of sshd, word for word, with a real sshd and a real ssh. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { enroll } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { Terminal } from "../support/terminal.ts";
import { askByPam, authorizeKey, startSshd } from "./sshd-server.ts";

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

/** A host set up by the README, with alice enrolled and her key known. */
async function host(t: TestContext) {
  const sandbox = await Sandbox.open(t);
  await sandbox.addUser("alice");
  const pam = readme("auth").replaceAll("/usr/local/bin/countersign", SANDBOX_CLI);
  await askByPam(sandbox, pam);
  await authorizeKey(sandbox, "alice");
  const settings = ["UsePAM", "KbdInteractiveAuthentication", "PasswordAuthentication"];
  const port = await startSshd(t, sandbox, readme(...settings, "AuthenticationMethods"));
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
