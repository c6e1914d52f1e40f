/** audit list: filtered, and followed: nothing twice, nothing left out, whatever happens meanwhile. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { followAudit } from "../../src/commands/audit/follow.ts";
import type { Countersign } from "../../src/contracts/service.ts";
import type { AuditFilter } from "../../src/contracts/store.ts";
import { Fault } from "../../src/core/fault.ts";
import { type Host, makeHost } from "../engine/host.ts";
import { CLI, Home } from "../support/cli.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

/** What is followed, as it comes, until the test is over. */
function following(t: TestContext, service: Pick<Countersign, "listAudit">, filter: AuditFilter) {
  const [told, warnings]: [string[], string[]] = [[], []];
  const stop = new AbortController();
  const options = {
    last: 2,
    stop: stop.signal,
    interval: 5,
    warn: (text: string) => void warnings.push(text),
  };
  const run = (async () => {
    for await (const { user } of followAudit(service, filter, options)) told.push(user ?? "");
  })();
  t.after(() => stop.abort());
  const hears = async (...users: string[]) => {
    for (let n = 0; n < 400 && told.length < users.length; n++) await sleep(5);
    assert.deepEqual(told, users);
  };
  return { told, warnings, hears, stop, run };
}

const asks = (host: Host, user: string) => host.fail(user, "000000", 1);

test("what was there last, then what comes, filtered, and it ends when told to", async (t) => {
  const host = makeHost(t);
  for (const user of ["a", "b", "c"]) await asks(host, user);
  await host.root.recordSetting("settings-set", "x");
  const { hears, stop, run } = following(t, host.root, { action: "verify" });
  await hears("b", "c");
  await host.root.recordSetting("settings-set", "x");
  await asks(host, "d");
  await hears("b", "c", "d");
  stop.abort();
  await run;
  await asks(host, "e");
  await hears("b", "c", "d");
});

test("a rotation, and a daemon that is away for a while, do not end it", async (t) => {
  const host = makeHost(t);
  for (const user of ["a", "b"]) await asks(host, user);
  let isAway = false;
  const service = {
    listAudit: (filter: AuditFilter, last?: number) => {
      if (isAway) throw new Fault("store-unreadable", "countersignd hung up");
      return host.root.listAudit(filter, last);
    },
  };
  const { hears, warnings } = following(t, service, {});
  await hears("a", "b");
  const rows = new DatabaseSync(host.path);
  rows.exec("DELETE FROM audit WHERE sequence < 2");
  rows.close();
  await asks(host, "c");
  await hears("a", "b", "c");
  isAway = true;
  await asks(host, "d");
  for (let n = 0; n < 400 && warnings.length === 0; n++) await sleep(5);
  await sleep(30);
  isAway = false;
  await hears("a", "b", "c", "d");
  assert.deepEqual(warnings, ["countersignd hung up; waiting for it"], "told once");
});

test("who may not look is told so, first and last", async (t) => {
  const host = makeHost(t);
  const own = host.as({ uid: 1_000, login: "alice", ownsStore: false });
  const { run } = following(t, own, {});
  await assert.rejects(run, { code: "not-permitted" });
});

test("the command: filters, and --follow --json is a document a line until Ctrl-C", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  for (const [user, service] of [
    ["a", "sshd"],
    ["b", "sudo"],
  ] as const) {
    await home.run(["verify", user, "--code-stdin", "--service", service], { input: "000000" });
  }
  const list = async (...args: string[]) =>
    JSON.parse(await succeed(countersign, ["audit", "list", "--json", ...args])).map(
      ({ user }: { user: string | null }) => user,
    );
  assert.deepEqual(await list("--service", "sudo"), ["b"]);
  assert.deepEqual(await list("--verdict", "unenrolled", "--since", "1h"), ["a", "b"]);
  assert.deepEqual(await list("--until", "1h"), []);
  assert.equal(
    await succeed(countersign, ["audit", "list", "--user", "c"]),
    "No event is like that.\n",
  );
  for (const [wrong, hint] of [
    ["--action=verfy", /verify/],
    ["--since=soon", /24h/],
    ["--method=top", /totp/],
  ] as const) {
    assertFailure(await home.run(["audit", "list", wrong]), 2, /there is no|no time/, hint);
  }

  const child = spawn(CLI, ["audit", "list", "--follow", "--json", "--action", "verify"], {
    env: home.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "{}").user;
  assert.deepEqual([await next(), await next()], ["a", "b"]);
  await home.run(["verify", "c", "--code-stdin"], { input: "000000" });
  assert.equal(await next(), "c");
  const ended = once(child, "exit");
  child.kill("SIGINT");
  assert.deepEqual(await ended, [0, null]);
});
