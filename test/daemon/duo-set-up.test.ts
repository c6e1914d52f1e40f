/** Duo set up where a daemon holds the store: at once in force, and root's alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { auditOf, configure, SECRET, setUpDuo } from "../commands/duo.ts";
import { succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { startStandIn } from "../duo/stand-in/server.ts";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Daemon } from "./daemon.ts";
import { Host } from "./host.ts";

const root = needs("root", "mount namespaces");

test("the daemon goes by a changed setting before config set ends", needs("root"), async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  await Daemon.start(t, home);
  const verify = () => home.run(["verify", "nobody", "--code-stdin"], { input: "123456" });
  for (const [value, code] of [
    ["allow", 0],
    ["refuse", 3],
    ["allow", 0],
  ] as const) {
    // Nobody has enrolled: to refuse them is to shut out everybody.
    const set = ["config", "set", "policy.unenrolled", value, "--force"];
    assert.equal((await countersign(set)).code, 0);
    assert.equal((await verify()).code, code, value);
  }
});

test("what was set up is checked by the daemon at once", needs("root", "openssl"), async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  await Daemon.start(t, home);
  const check = async () => JSON.parse((await countersign(["duo", "check", "--json"])).stdout)[0];
  for (const integrationKey of ["DIXXXXXXXXXXXXXXXXXX", "DIYYYYYYYYYYYYYYYYYY"]) {
    const standIn = await startStandIn(t, { application: { integrationKey } });
    const { host, authority, application } = standIn;
    const secret = application.secretKey;
    await setUpDuo(home, "duo-push", { host, authority, id: integrationKey, secret });
    assert.equal((await check()).state, "ok");
    assert.equal(standIn.received.length, 2, "ping and check");
  }
  await succeed(countersign, ["config", "set", "duo.push.integrationKey", "DIZZZZZZZZZZZZZZZZZZ"]);
  const { state, message, mend } = await check();
  assert.equal(state, "problem");
  assert.match(message, /^Duo does not know the integration key$/);
  assert.match(mend, /duo configure duo-push$/);
});

test("root sets up what the daemon keeps, and nobody else does", root, async (t) => {
  const host = await Host.make(t);
  await succeed(host.as(), configure(), SECRET);
  const settings = await host.sandbox.sh("cat /etc/countersign/countersign.json");
  assert.match(settings, /"apiHost": "api-12345678/);
  const before = await auditOf(host.as());
  assert.deepEqual(
    before.slice(-3).map(({ action }) => action),
    ["method-secret-set", "settings-set", "settings-set"],
  );
  for (const args of [
    configure("duo-prompt"),
    configure("duo-push", "--fail-mode", "safe"),
    ["duo", "check"],
    ["duo", "check", "duo-push"],
    ["user", "alias", "alice", "root"],
  ]) {
    const ended = await host.as("alice")(args, { input: SECRET });
    assertFailure(ended, 1, /only root may do this/, /sudo/);
  }
  assert.equal(await host.sandbox.sh("cat /etc/countersign/countersign.json"), settings);
  assert.deepEqual(await auditOf(host.as()), before);
  assert.doesNotMatch(await host.sandbox.sh("ls -A ~alice"), /config|local/);
});
