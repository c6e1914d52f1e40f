import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Answer } from "../../src/doctor/ask-program.ts";
import { examineSshd } from "../../src/doctor/sshd.ts";
import { sandbox } from "../files/sandbox.ts";
import { plant, told } from "./findings.ts";

const GOOD = `UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods publickey,keyboard-interactive
`;

const CODE_ALONE = "warning keyboard-interactive alone lets in with the code and nothing else";

/** What is said of this sshd_config; `answer` is sshd's own to -T. */
async function say(
  t: TestContext,
  config: string,
  { answer = "silent" as Answer | "silent", asks = true, password = false, files = {} } = {},
): Promise<string> {
  const at = sandbox(t);
  plant(at, { sshd_config: config, ...files });
  const findings = await examineSshd({
    programs: ["/none", "/sshd"],
    config: join(at, "sshd_config"),
    exists: (path) => path === "/sshd",
    ask: async () => answer,
    asksCountersign: () => asks,
    demandsPassword: () => password,
  });
  return told(findings).join("\n").replaceAll(`${at}/`, "");
}

test("settings as they should be", async (t) => {
  assert.equal(await say(t, GOOD), "ok every login is asked for a code, by sshd_config");
});

test("a stack that asks for password and code leaves no code alone", async (t) => {
  const config = GOOD.replace("publickey,keyboard-interactive", "keyboard-interactive:pam");
  assert.equal(await say(t, config), CODE_ALONE);
  assert.equal(
    await say(t, config, { password: true }),
    "ok every login is asked for a code, by sshd_config",
  );
});

test("what keeps sshd from asking is a problem", async (t) => {
  assert.match(
    await say(t, GOOD.replace("UsePAM yes", "UsePAM no")),
    /^problem UsePAM is no[^\n]+$/,
  );
  assert.match(
    await say(t, GOOD.replace("UsePAM yes", "")),
    /^problem UsePAM is no/,
    "sshd's default",
  );
  const off = "KbdInteractiveAuthentication no";
  assert.match(
    await say(t, `${off}\n${GOOD}`),
    /^problem KbdInteractiveAuthentication is no[^\n]+$/,
  );
  assert.match(await say(t, `ChallengeResponseAuthentication=no\n${GOOD}`), /^problem Kbd/);
});

test("ways in without a code are warnings", async (t) => {
  const methods = (list: string) => say(t, `AuthenticationMethods ${list}\n${GOOD}`);
  assert.equal(
    await methods("any"),
    `warning publickey alone lets in without a code\n${CODE_ALONE}`,
  );
  assert.equal(await methods("keyboard-interactive"), CODE_ALONE);
  assert.equal(
    await say(t, `PubkeyAuthentication no\nAuthenticationMethods any\n${GOOD}`),
    CODE_ALONE,
  );
  assert.equal(
    await methods("publickey,keyboard-interactive:pam"),
    "ok every login is asked for a code, by sshd_config",
  );
  assert.equal(
    await methods("publickey,keyboard-interactive publickey,publickey"),
    "warning publickey,publickey alone lets in without a code",
  );
});

test("passwords beside it are explained", async (t) => {
  const said = await say(t, "PasswordAuthentication yes\nPubkeyAuthentication no\nUsePAM yes\n");
  assert.match(said, /\nwarning PasswordAuthentication is yes: [^\n]+$/);
  assert.match(await say(t, `PasswordAuthentication yes\n${GOOD}`), /^ok/, "no list takes one");
});

test("sshd's own word counts over the files", async (t) => {
  const stdout = "usepam no\nkbdinteractiveauthentication yes\nauthenticationmethods any\n";
  assert.match(await say(t, GOOD, { answer: { code: 0, stdout } }), /^problem UsePAM is no/);
  const failed = { code: 255, stdout };
  assert.match(await say(t, GOOD, { answer: failed }), /^ok .* by sshd_config$/);
  const good = { code: 0, stdout: GOOD.toLowerCase() };
  assert.match(await say(t, "UsePAM no\n", { answer: good }), /^ok .* by sshd -T$/);
});

test("the first value counts, inclusions in their place, and Match blocks are pointed at", async (t) => {
  const files = {
    "sshd_config.d/10-first.conf": "UsePAM no\n",
    "sshd_config.d/20-next.conf": "UsePAM yes\n",
  };
  assert.match(await say(t, `Include sshd_config.d/*.conf\n${GOOD}`, { files }), /^problem UsePAM/);
  assert.match(await say(t, `${GOOD}Include sshd_config.d/*.conf\n`, { files }), /^ok/);
  const late = GOOD.replace(
    "UsePAM yes\n",
    "Match User backup\n  X11Forwarding no\nMatch all\nUsePAM yes\n",
  );
  assert.match(await say(t, late), /^ok/, "after Match all it holds for everybody again");
  const match = `${GOOD}Match User backup\n  AuthenticationMethods publickey\n`;
  assert.match(await say(t, match), /^warning a Match block [^\n]*: sshd_config:6$/);
  assert.match(await say(t, `${match}Match all\n  X11Forwarding no\n`), /sshd_config:6$/);
});

test("nothing to say where sshd does not ask", async (t) => {
  assert.equal(
    await say(t, "UsePAM no\n", { asks: false }),
    "ok neither sshd's PAM service nor a ForceCommand asks countersign",
  );
});

test("endless inclusions, fifos and huge files are told, and nothing waits", {
  timeout: 10_000,
}, async (t) => {
  assert.match(
    await say(t, `${GOOD}Include sshd_config\nInclude sshd_config\n`),
    /^ok .*\nwarning sshd_config is included too deep/,
  );
  const huge = { "big.conf": "#".repeat(10_000_000) };
  assert.match(
    await say(t, `${GOOD}Include big.conf\n`, { files: huge }),
    /\nwarning big.conf is larger than/,
  );
  const at = sandbox(t);
  execFileSync("mkfifo", [join(at, "fifo")]);
  writeFileSync(join(at, "binary"), "\x00\x01");
  assert.match(
    await say(t, `${GOOD}Include ${at}/fifo ${at}/binary\n`),
    /fifo is not a regular file\nwarning .*binary is not text$/,
  );
});
