/** Enrolling with Duo and being reset, as the command does it, with the verdict's exit status. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { PHONE, type ScriptedUser } from "../duo/stand-in/account.ts";
import { APPLICATION, startStandIn } from "../duo/stand-in/server.ts";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { setUpDuo } from "./duo.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const parts = needs("openssl", "root", "tmux");
const ENROLL = ["enroll", "alice", "--method", "duo-push"];

/** A home with duo-push, and alice at Duo, whose phone answers at once. */
async function pushHome(t: TestContext, alice: Partial<ScriptedUser> = {}) {
  const standIn = await startStandIn(t);
  standIn.account.users.set("alice", {
    preauth: "auth",
    devices: [PHONE],
    answer: "allow",
    ...alice,
  });
  const home = await Home.make(t);
  const { integrationKey: id, secretKey: secret } = APPLICATION;
  await setUpDuo(home, "duo-push", {
    host: standIn.host,
    authority: standIn.authority,
    id,
    secret,
  });
  return { standIn, home, countersign: home.run.bind(home) };
}

test("whoever approves the push is enrolled, and told so", parts, async (t) => {
  const { standIn, home, countersign } = await pushHome(t);
  const ended = await home.run(ENROLL);
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^alice is enrolled in duo-push\.\n/);
  assert.equal(standIn.account.sent.pushes, 1);
  const [{ user, status, methods }] = JSON.parse(
    await succeed(countersign, ["user", "list", "--json"]),
  );
  assert.deepEqual([user, status, methods[0].method], ["alice", "active", "duo-push"]);
  assert.match(await succeed(countersign, ["user", "list"]), /alice .* duo-push/);
  const again = await home.run([...ENROLL, "--json"]);
  assert.deepEqual(JSON.parse(again.stdout), {
    user: "alice",
    method: "duo-push",
    status: "active",
  });
});

test("an alias is the name that Duo is asked for", parts, async (t) => {
  const { standIn, home, countersign } = await pushHome(t);
  standIn.account.users.set("asmith", { preauth: "auth", devices: [PHONE], answer: "allow" });
  standIn.account.users.delete("alice");
  await succeed(countersign, ["user", "alias", "alice", "asmith"]);
  assert.equal((await home.run(ENROLL)).code, 0);
  const names = standIn.received.map(({ parameters }) => parameters.get("username"));
  assert.deepEqual([...new Set(names.filter((name) => name !== undefined))], ["asmith"]);
});

test("a denied push enrolls nobody, with the status of a rejection", parts, async (t) => {
  const { home } = await pushHome(t, { answer: "deny" });
  const ended = await home.run([...ENROLL, "--json"]);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /^error: verification failed$/m);
  const { verdict, user, method, reason } = JSON.parse(ended.stdout);
  assert.deepEqual([verdict, user, method, reason], ["reject", "alice", "duo-push", "denied"]);
  const shown = await home.run(["user", "show", "alice", "--json"]);
  assert.ok(shown.code === 1 || JSON.parse(shown.stdout).status === "none");
});

test("a rule that lets in who is not enrolled enrolls nobody", parts, async (t) => {
  const { standIn, home, countersign } = await pushHome(t);
  await succeed(countersign, ["config", "set", "policy.unenrolled", "allow"]);
  standIn.account.users.delete("alice");
  const run = `${CLI} ${ENROLL.join(" ")}; echo "it ended: $?"`;
  const terminal = await Terminal.start(t, ["sh", "-c", run], { env: home.env });
  for (let times = 1; times <= 3; times++) {
    await terminal.shows(new RegExp(`(then press Enter:[^]*){${times}}`));
    await terminal.press("Enter");
  }
  const screen = await terminal.shows("it ended: 3");
  assert.match(screen, /^error: verification failed$/m);
  assert.doesNotMatch(screen, /is enrolled/);
});

test("Duo out of reach is unavailable, and no fail mode enrolls anybody", parts, async (t) => {
  const { standIn, home, countersign } = await pushHome(t);
  await succeed(countersign, ["config", "set", "duo.push.failMode", "safe"]);
  await standIn.stop();
  const ended = await home.run([...ENROLL, "--json"]);
  assert.equal(ended.code, 5, ended.stderr);
  assert.match(ended.stderr, /^error: .*refuses the connection$/m);
  assert.equal(JSON.parse(ended.stdout).verdict, "unavailable");
});

test("a method that is not set up says how to", parts, async (t) => {
  const { home } = await pushHome(t);
  const ended = await home.run(["enroll", "alice", "--method", "duo-prompt"]);
  assertFailure(ended, 2, /not set up/, /countersign duo configure duo-prompt/);
});

test("a reset of Duo's method says that the phone stays known there", parts, async (t) => {
  const { home, countersign } = await pushHome(t);
  assert.equal((await home.run(ENROLL)).code, 0);
  const said = await succeed(countersign, ["reset", "alice", "--method", "duo-push", "--yes"]);
  assert.match(said, /^alice: removed 1 authenticator, 0 unused backup codes\n/);
  assert.match(said, /Duo still knows the phone of alice\. .*remove it in\nDuo's Admin Panel/);
  const { status } = JSON.parse(await succeed(countersign, ["user", "show", "alice", "--json"]));
  assert.equal(status, "none");
  const again = await succeed(countersign, ["reset", "alice", "--yes"]);
  assert.doesNotMatch(again, /Duo/, "nothing of Duo's went");
});

test("doctor asks Duo, and tells what is wrong with it", parts, async (t) => {
  const { standIn, home, countersign } = await pushHome(t);
  const duo = async (): Promise<string[]> => {
    const findings = JSON.parse((await home.run(["doctor", "--json"])).stdout);
    return findings
      .filter(({ check }: { check: string }) => check === "duo")
      .map(({ state, message }: { state: string; message: string }) => `${state} ${message}`);
  };
  // The stand-in's authority lives for two days.
  const expires = /^warning duo-push: a certificate in \S+\/duo-ca\.pem expires on 20/;
  const [taken, expiring, ...more] = await duo();
  assert.equal(taken, "ok duo-push: Duo takes the keys");
  assert.match(expiring ?? "", expires);
  assert.deepEqual(more, []);
  await succeed(countersign, ["config", "set", "duo.push.integrationKey", "DIYYYYYYYYYYYYYYYYYY"]);
  assert.match((await duo())[0] ?? "", /^problem duo-push: Duo does not know the integration key$/);
  await succeed(countersign, ["config", "unset", "duo.push.integrationKey"]);
  assert.match((await duo())[0] ?? "", /^problem duo-push is off: .* no integration key$/);
  const asked = standIn.received.length;
  await succeed(countersign, ["config", "unset", "duo.push.apiHost"]);
  assert.deepEqual(await duo(), []);
  assert.equal(standIn.received.length, asked);
});
