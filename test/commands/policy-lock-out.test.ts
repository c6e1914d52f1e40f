/** A change that would shut every administrator out is refused, with and without a daemon. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Host } from "../daemon/host.ts";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { type Countersign, enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const parts = needs("root", "oathtool");
const onHost = needs("root", "oathtool", "mount namespaces");
const EVERYWHERE = "sshd, sudo, su, login";

/** A home in which root is enrolled, and nobody else. */
async function rootEnrolled(t: TestContext) {
  const { home } = await enrolledHome(t, "root");
  const file = join(home.path, "countersign.json");
  const policy = (text: string) => home.run(["policy", ...text.split(" ")]);
  return { home, file, policy };
}

test("refused, with what it would shut, and nothing is changed", parts, async (t) => {
  const { file, policy } = await rootEnrolled(t);
  const before = await readFile(file, "utf8");
  for (const [change, where] of [
    ["require --everyone --method duo-push", EVERYWHERE],
    ["require --user root --method duo-prompt --service sudo --service cron", "sudo"],
    ["require --everyone --method duo-push --non-interactive", "sshd"],
  ] as const) {
    const message = `error: no administrator could pass any more at ${where}: nothing was changed`;
    assertFailure(await policy(change), 1, new RegExp(`^${message}$`), /--force/);
    assert.equal(await readFile(file, "utf8"), before);
  }
  for (const change of [
    "require --everyone --method duo-push --service cron",
    "require --everyone --method duo-push --network 0.0.0.0/0",
    "require --everyone --method totp",
    "set unenrolled refuse",
  ]) {
    const { code, stderr } = await policy(change);
    assert.deepEqual([code, stderr], [0, ""], change);
  }
});

test("forced, it is done and says so; what opens again needs no force", parts, async (t) => {
  const { home, policy } = await rootEnrolled(t);
  const forced = await policy("require --everyone --method duo-push --force");
  const told = `warning: forced: no administrator can pass any more at ${EVERYWHERE}\n`;
  assert.deepEqual([forced.code, forced.stderr], [0, told]);
  const verify = () => home.run(["verify", "root", "--code-stdin"], { input: "000000" });
  assert.equal((await verify()).code, 3);
  const exempt = await policy("exempt --user root --first --until 2999-01-01");
  const later = `warning: from 2999-01-01 00:00 UTC on no administrator can pass at ${EVERYWHERE}`;
  assert.deepEqual([exempt.code, exempt.stderr], [0, ""], later);
  assert.equal((await verify()).code, 0);
  assertFailure(await policy("remove 1"), 1, /no administrator could pass/);
  assert.equal((await policy("remove 2")).code, 0);
  assert.equal((await policy("remove 1")).code, 0, "enrolled as before");
});

test(
  "switching off what administrators have is held to it, and backup codes are no way in",
  parts,
  async (t) => {
    const { home, policy } = await rootEnrolled(t);
    const off = (method: string, ...more: string[]) =>
      home.run(["config", "set", `methods.${method}`, "off", ...more]);
    assertFailure(await off("totp"), 1, /^error: no administrator could pass/, /--force/);
    for (const method of ["backup-code", "duo-push"]) {
      const { code, stderr } = await off(method);
      assert.deepEqual([code, stderr], [0, ""], method);
    }
    await succeed(home.run.bind(home), ["config", "set", "methods.backup-code", "on"]);
    await succeed(home.run.bind(home), ["config", "set", "methods.duo-push", "on"]);
    // Set up, so that totp is not the last of all; no administrator has it.
    const push = { apiHost: "api-12345678.duosecurity.com", integrationKey: "DI".padEnd(20, "X") };
    for (const [name, value] of Object.entries(push)) {
      await succeed(home.run.bind(home), ["config", "set", `duo.push.${name}`, value]);
    }
    const disable = ["method", "disable", "totp"];
    assertFailure(await home.run(disable), 1, /^error: no administrator could pass/, /--force/);
    const forced = await home.run([...disable, "--force"]);
    assert.equal(forced.code, 0, forced.stderr);
    assert.match(forced.stderr, /^warning: forced: no administrator can pass any more/);
    assert.equal((await policy("show")).code, 0);
  },
);

test("config set and unset are held to the same, and forced alike", parts, async (t) => {
  const home = await Home.make(t);
  const config = (text: string) => home.run(["config", ...text.split(" ")]);
  const file = join(home.path, "countersign.json");
  await succeed(home.run.bind(home), ["init"]);
  const shut = new RegExp(`^error: no administrator could pass any more at ${EVERYWHERE}: nothing`);
  const told = `warning: forced: no administrator can pass any more at ${EVERYWHERE}\n`;
  for (const [open, close] of [
    ["set policy.unenrolled allow", "set policy.unenrolled refuse"],
    ["set policy.enabled off", "unset policy.enabled"],
  ] as const) {
    await succeed(home.run.bind(home), ["config", ...open.split(" ")]);
    const before = await readFile(file, "utf8");
    assertFailure(await config(close), 1, shut, /--force/);
    assert.equal(await readFile(file, "utf8"), before);
    const forced = await config(`${close} --force`);
    assert.deepEqual([forced.code, forced.stderr], [0, told], close);
  }
  assert.equal((await config("set policy.unenrolled maybe")).code, 2);
  assert.match((await config("unset policy.enabled")).stdout, /has its default already/);
  const log = JSON.parse(await succeed(home.run.bind(home), ["audit", "list", "--json"]));
  const changes = log.filter(({ action }: { action: string }) => action.startsWith("settings-"));
  assert.equal(changes.length, 4, "what was refused is none");
});

test("a time to come at which it would is warned of", parts, async (t) => {
  const { policy } = await rootEnrolled(t);
  const { code, stderr } = await policy("require --everyone --method duo-push --from 2999-01-01");
  const told = "from 2999-01-01 00:00 UTC on no administrator can pass at";
  assert.deepEqual([code, stderr], [0, `warning: ${told} ${EVERYWHERE}, as things stand\n`]);
});

test("refusing the unenrolled, and switching on, where nobody has enrolled", parts, async (t) => {
  const home = await Home.make(t);
  const policy = (text: string) => home.run(["policy", ...text.split(" ")]);
  await succeed(home.run.bind(home), ["init"]);
  assert.equal((await policy("set unenrolled allow")).code, 0);
  for (const value of ["refuse", "enroll", "invite"]) {
    assertFailure(await policy(`set unenrolled ${value}`), 1, /no administrator could pass/);
  }
  assert.equal((await policy("off --yes")).code, 0);
  assert.equal((await policy("set unenrolled refuse")).code, 0, "off, it shuts nobody out");
  assertFailure(await policy("on"), 1, /no administrator could pass/);
  assert.equal((await policy("on --force")).code, 0);
});

test("where the store is out of reach only force, or what opens, goes on", parts, async (t) => {
  const { home, file, policy } = await rootEnrolled(t);
  await writeFile(join(home.path, "store.db"), "no store");
  const before = await readFile(file, "utf8");
  assert.equal((await policy("require --everyone")).code, 1);
  assert.equal(await readFile(file, "utf8"), before);
  const forced = await policy("require --everyone --force");
  assert.equal(forced.code, 0);
  assert.match(forced.stderr, /^warning: forced: whether an administrator can still pass/m);
  assert.match(forced.stderr, /^warning: changed, but not recorded in the audit log/m);
  const off = await policy("off --yes");
  assert.equal(off.code, 0);
  assert.match(off.stderr, /^warning: changed, but not recorded/);
});

/** alice is in sudo, and so an administrator; bob is in wheel. */
async function administered(t: TestContext) {
  const host = await Host.make(t);
  await host.sandbox.sh(
    "groupadd -f sudo; groupadd -f wheel; usermod -aG sudo alice; usermod -aG wheel bob",
  );
  const policy = (text: string, as: Countersign = host.as()) => as(["policy", ...text.split(" ")]);
  return { host, policy };
}

test("through the daemon: the members of sudo, wheel and admin count", onHost, async (t) => {
  const { host, policy } = await administered(t);
  await host.enroll("alice");
  assertFailure(await policy("require --group sudo --method duo-push"), 1, /no administrator/);
  assert.equal((await policy("require --group wheel --method duo-push")).code, 0);
  const { code } = await policy("exempt --group wheel --first --until 2999-01-01");
  assert.equal(code, 0);
  assert.equal((await policy("require --group sudo --method duo-push")).code, 0, "bob is left");
  await host.sandbox.sh("gpasswd -d bob wheel");
  const out = await policy("require --user root --method duo-push");
  assert.equal(out.code, 0, "nobody could pass before it either");
});

test("the policy is root's alone, and so is how others stand", onHost, async (t) => {
  const { host, policy } = await administered(t);
  for (const text of [
    "show",
    "require --everyone",
    "remove 1",
    "off --yes",
    "set unenrolled allow",
  ]) {
    const ended = await policy(text, host.as("alice"));
    assert.equal(ended.code, 1, text);
    assert.match(
      ended.stderr,
      /^error: the policy of this host is root's\ntry: run it with sudo\n$/,
    );
  }
  assertFailure(await policy("explain alice", host.as("alice")), 1, /only root/);
  for (const call of ["standing", "explainPolicy"]) {
    const [line] = await host.call("alice", call, { user: "alice" });
    assert.match(line ?? "", /^fault code=not-permitted/);
    assert.deepEqual(await host.call("root", call, { user: 1 }), [], "a malformed one ends it");
  }
});

test("a person's own store is theirs, and no login's: nothing is refused", onHost, async (t) => {
  const host = await Host.withoutDaemon(t);
  const alice = host.as("alice");
  await succeed(alice, ["init"]);
  const change = async (args: readonly string[]): Promise<void> => {
    const { stderr, code } = await alice(args);
    assert.match(stderr, /^warning: .*yours alone.*sudo\n$/);
    assert.equal(code, 0);
  };
  await change(["policy", "set", "unenrolled", "allow"]);
  await change(["policy", "require", "--user", "alice", "--method", "duo-push"]);
  await change(["policy", "set", "unenrolled", "refuse"]);
  const { unenrolled, rules } = JSON.parse(await succeed(alice, ["policy", "show", "--json"]));
  assert.deepEqual([unenrolled, rules.length], ["refuse", 1]);
  const verify = await alice(["verify", "--code-stdin"], { input: "000000" });
  assert.equal(verify.code, 3);
  const log = JSON.parse(await succeed(alice, ["audit", "list", "--json"]));
  assert.equal(log.filter(({ action }: { action: string }) => action === "settings-set").length, 3);
});
