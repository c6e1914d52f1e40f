/** Odd user names at a login: none is taken for another user, and none forges a line. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { PAM, PamHost } from "./pam-service.ts";

/** Names by how a shell's printf spells them. */
const NO_ACCOUNTS: Readonly<Record<string, string>> = {
  "that is empty": "",
  "with a space at its end": "alice ",
  "with a space in front": " alice",
  "with a zero-width space": "al\\342\\200\\213ice",
  "with a line feed": "alice\\nbob",
  "with a control character": "alice\\001",
  "with an escape sequence": "alice\\033[2J",
  "with a right-to-left mark": "alice\\342\\200\\217",
  "that is not UTF-8": "alice\\377",
  "like an option": "-x",
  "with a slash": "../alice",
  "with a colon": "alice:x",
  "of 300 characters": "b".repeat(300),
};

const OTHERS: Readonly<Record<string, string>> = {
  "in capitals": "ALICE",
  "in full-width letters":
    "\\357\\275\\201\\357\\275\\214\\357\\275\\211\\357\\275\\203\\357\\275\\205",
};

/** Starts it as pam_exec does. The x keeps the shell from dropping a line feed at the end. */
const START = `PAM_TYPE=auth PAM_USER=$(printf -- "$1x") PAM_USER=\${PAM_USER%x}
export PAM_TYPE PAM_USER
exec ${SANDBOX_CLI} verify --pam --json`;

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f]/;

async function tryAll(host: PamHost, names: Readonly<Record<string, string>>, code: string) {
  for (const [name, spelled] of Object.entries(names)) {
    const argv = ["sh", "-c", START, "sh", spelled];
    const ended = await host.sandbox.run(argv, { input: code });
    assert.ok([1, 3].includes(ended.code ?? 0), `${name} ended with ${ended.code}`);
    assert.equal(ended.stderr, "error: verification failed\n", name);
    assert.match(JSON.parse(ended.stdout).verdict, /^(reject|unenrolled)$/, name);
    assert.doesNotMatch(ended.stdout, CONTROL, name);
  }
}

async function makeHost(t: TestContext) {
  const made = await PamHost.open(t);
  await succeed(made.host.countersign, ["config", "set", "throttle.freeFailures", "100"]);
  return made;
}

test("no odd name is let in, none spends alice's code, none forges a log", PAM, async (t) => {
  const { host, phone } = await makeHost(t);
  const code = await phone.next();
  await tryAll(host, { ...NO_ACCOUNTS, ...OTHERS }, code);
  const args = ["audit", "list", "--json", "--last", "15"];
  const log = JSON.parse(await succeed(host.countersign, args));
  assert.equal(log.length, Object.keys({ ...NO_ACCOUNTS, ...OTHERS }).length);
  for (const { user, verdict } of log) {
    assert.notEqual(verdict, "accept");
    assert.ok([...(user ?? "")].length <= 256);
    assert.doesNotMatch(user ?? "", CONTROL);
  }
  assert.doesNotMatch(await succeed(host.countersign, ["audit", "list"]), CONTROL);
  assert.equal(await host.login(code), true);
});

test("where who has not enrolled is let in, an odd name is not", PAM, async (t) => {
  const { host, phone } = await makeHost(t);
  await succeed(host.countersign, ["config", "set", "policy.unenrolled", "allow"]);
  await tryAll(host, { ...NO_ACCOUNTS, ...OTHERS }, await phone.wrong());
});

test("through PAM itself they stay out as well", PAM, async (t) => {
  const { host, phone } = await makeHost(t);
  const code = await phone.next();
  for (const user of ["ALICE", "alice ", "x".repeat(300), "alice\u001b[2J", "ä", "-x"]) {
    const argv = ["sh", "-c", 'exec pamtester -- countersign-test "$1" authenticate', "sh", user];
    const ended = await host.sandbox.run(argv, { input: `${code}\n` });
    assert.equal(ended.code, 1, user);
    assert.doesNotMatch(ended.stdout, /successfully/);
  }
  assert.equal(await host.login(code), true);
});
