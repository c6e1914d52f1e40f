/** Setting Duo up: forms, the secret's way, and the order in which things change. */
import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { keyProviderOf } from "../../src/client/in-process.ts";
import { methodSecretCell } from "../../src/core/cells.ts";
import { readStore } from "../../src/doctor/store-file.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { listWrites, runAndKill } from "../campaigns/killed-run.ts";
import { certificates } from "../duo/stand-in/certificates.ts";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { auditOf, configure, HOST, ID, SECRET, standInFlags } from "./duo.ts";
import { enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const OTHER_ID = "DIYYYYYYYYYYYYYYYYYY";
const OTHER_SECRET = "0ther".repeat(8);

function settingsOf({ path }: Home): Record<string, unknown> {
  return JSON.parse(readFileSync(join(path, "countersign.json"), "utf8"));
}

function scopeOfHome({ path }: Home) {
  return scopeOf({ uid: 0, env: { COUNTERSIGN_HOME: path }, home: "/" });
}

/** What the store keeps for a method, opened with the key. */
async function secretOf(home: Home, method: string): Promise<string | undefined> {
  const scope = scopeOfHome(home);
  const sealed = readStore(scope.storeFile)?.methodSecrets?.get(method);
  const key = await keyProviderOf(scope, loadSettings(scope)).read();
  if (!sealed || !key) return undefined;
  const sealer = createSealer(key);
  try {
    return sealer.open(sealed, methodSecretCell(method)).toString();
  } finally {
    sealer.close();
  }
}

test("a method is on once it is set up, and its secret is sealed in the store", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  const said = await succeed(countersign, configure(), `${SECRET}\n`);
  assert.equal(said, `duo-push is on, with ${HOST}.\ntry: countersign duo check duo-push\n`);
  assert.deepEqual(settingsOf(home), { duo: { push: { apiHost: HOST, integrationKey: ID } } });
  assert.equal(await secretOf(home, "duo-push"), SECRET);
  const { methods, failModes } = JSON.parse(await succeed(countersign, ["status", "--json"]));
  assert.deepEqual(methods, ["totp", "hotp", "yubikey", "backup-code", "duo-push"]);
  assert.deepEqual(failModes, { "duo-push": "secure" });
});

test("the secret is in no settings, log, output or file, and in no argument", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  const said = await succeed(countersign, configure("duo-prompt", "--json"), SECRET);
  const told = [
    said,
    await succeed(countersign, ["config", "list"]),
    await succeed(countersign, ["audit", "list", "--json"]),
    await succeed(countersign, ["status", "--json"]),
    ...readdirSync(home.path).map((name) => readFileSync(join(home.path, name), "latin1")),
  ];
  assert.ok(told.every((text) => !text.includes(SECRET)));
  for (const given of [
    [SECRET],
    ["--", SECRET],
    ["--secret", SECRET],
    [`--secret-key=${SECRET}`],
  ]) {
    const ended = await home.run([...configure(), ...given], { input: SECRET });
    assertFailure(ended, 2, /^error: (nonexistent flag|duo configure takes)/);
    assert.ok(!ended.stderr.includes(SECRET), given.join(" "));
  }
});

test("each change is in the audit log, and what did not change is not", async (t) => {
  const { countersign } = await enrolledHome(t);
  const before = (await auditOf(countersign)).length;
  await succeed(countersign, configure("duo-push", "--fail-mode", "safe"), SECRET);
  await succeed(countersign, configure("duo-push", "--fail-mode", "safe"), SECRET);
  const events = (await auditOf(countersign)).slice(before);
  assert.deepEqual(
    events.map(({ action, detail }) => (detail ? `${action} ${detail}` : action)),
    [
      "method-secret-set",
      `settings-set duo.push.apiHost=${HOST}`,
      `settings-set duo.push.integrationKey=${ID}`,
      "settings-set duo.push.failMode=safe",
      "method-secret-set",
    ],
  );
});

const SLIPS: readonly (readonly [flags: string, input: string, message: RegExp])[] = [
  ["duo-push", "", /api-host/],
  [`duo-push --api-host ${HOST}`, "", /duo-push takes --integration-key/],
  [`duo-prompt --api-host ${HOST}`, "", /duo-prompt takes --client-id/],
  [`duo-phone --api-host ${HOST}`, "", /duo-push, duo-prompt/],
  [`duo-push --api-host ${HOST} --integration-key ${ID}X`, "", /20 capital letters and digits/],
  [`duo-push --api-host ${HOST} --integration-key di${ID.slice(2)}`, "", /20 capital/],
  [`duo-prompt --api-host ${HOST} --client-id short`, "", /client id is not 20/],
  [`duo-push --api-host https://${HOST} --integration-key ${ID}`, "", /not an API host/],
  [`duo-push --api-host localhost:8443 --integration-key ${ID}`, "", /not an API host/],
  [`duo-push --api-host a/b --allow-host --integration-key ${ID}`, "", /not an API host/],
  [`duo-push --api-host ${HOST} --integration-key ${ID}`, SECRET.slice(1), /secret key is not 40/],
  [`duo-push --api-host ${HOST} --integration-key ${ID}`, `${SECRET}!`, /secret key is not 40/],
  [`duo-prompt --api-host ${HOST} --client-id ${ID}`, `${SECRET}x`, /client secret is not 40/],
  [`duo-push --api-host ${HOST} --integration-key ${ID} --proxy http://x:1`, "", /duo\.proxy must/],
  [`duo-push --api-host ${HOST} --integration-key ${ID} --username-template x`, "", /\{user\}/],
  [`duo-push --api-host ${HOST} --integration-key ${ID} --callback-port 1`, "", /--callback-port/],
  [`duo-prompt --api-host ${HOST} --client-id ${ID} --callback-port 80`, "", /at least 1024/],
  [`duo-prompt --api-host ${HOST} --client-id ${ID} --callback-port 65536`, "", /--callback-port/],
  [`duo-push --api-host ${HOST} --integration-key ${ID} --fail-mode open`, "", /secure, safe/],
];

describe("what does not have its form changes nothing", { concurrency: 4 }, () => {
  for (const [flags, input, message] of SLIPS) {
    test(`${flags} (${input.length} characters of secret)`, async (t) => {
      const home = await Home.make(t);
      const ended = await home.run(["duo", "configure", ...flags.split(" "), "--secret-stdin"], {
        input: input || SECRET,
      });
      assertFailure(ended, 2, message);
      assert.ok(!ended.stderr.includes(input || SECRET));
      assert.deepEqual(await readdir(home.path), []);
    });
  }
});

test("the iframe prompt's keys are refused, with the way to the Universal Prompt", async (t) => {
  const home = await Home.make(t);
  const host = ["duo", "configure", "duo-prompt", "--api-host", HOST];
  for (const keys of [
    ["--integration-key", ID],
    ["--integration-key", ID, "--akey", "a".repeat(40)],
    ["--client-id", ID, "--akey", "a".repeat(40)],
  ]) {
    const ended = await home.run([...host, ...keys], { input: SECRET });
    assertFailure(ended, 2, /iframe prompt ended on 2024-03-30/, /activate the Universal Prompt/);
    assert.ok(!ended.stderr.includes("aaaa"));
  }
  const push = ["duo", "configure", "duo-push", "--api-host", HOST, "--client-id", ID];
  assertFailure(await home.run(push), 2, /client id/, /type Auth API/);
  assert.deepEqual(await readdir(home.path), []);
});

test("another host has to be allowed, and only for as long as it is the host", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  const flags = standInFlags(home, "LOCALHOST:8443", certificates().authority);
  const keys = ["--integration-key", ID, "--secret-stdin"];
  const said = await succeed(
    countersign,
    ["duo", "configure", "duo-push", ...flags, ...keys],
    SECRET,
  );
  assert.match(
    said,
    /^localhost:8443 is not a host of Duo's: .*\nWhom \/\S+ vouches for .*\nduo-push is on/,
  );
  assert.ok(
    said.split("\n").every((line) => line.length <= 80 || line.includes(home.path)),
    said,
  );
  const caFile = join(home.path, "duo-ca.pem");
  const push = { apiHost: "localhost:8443", integrationKey: ID, anyHost: "yes", caFile };
  assert.deepEqual(settingsOf(home), { duo: { push } });
  await succeed(countersign, configure(), SECRET);
  assert.deepEqual(settingsOf(home), { duo: { push: { apiHost: HOST, integrationKey: ID } } });
});

test("a CA file that is none, is a key, or is anybody's to write, changes nothing", async (t) => {
  const home = await Home.make(t);
  const at = (name: string): string => join(home.path, name);
  writeFileSync(at("empty.pem"), "");
  writeFileSync(at("key.pem"), certificates().shown.good.key);
  writeFileSync(at("leaf.pem"), certificates().shown.good.cert);
  writeFileSync(at("anybodys.pem"), certificates().authority);
  chmodSync(at("anybodys.pem"), 0o666);
  for (const [name, message] of [
    ["none.pem", /the CA file is not there/],
    ["empty.pem", /not a list of authorities/],
    ["key.pem", /not a list of authorities/],
    ["leaf.pem", /may not sign/],
    ["anybodys.pem", /others/],
  ] as const) {
    const ended = await home.run(configure("duo-push", "--ca-file", at(name)), { input: SECRET });
    assertFailure(ended, 1, message);
  }
  assert.equal(await secretOf(home, "duo-push"), undefined);
});

test("a fail mode that lets somebody in says so, in status too", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  const said = await succeed(countersign, configure("duo-push", "--fail-mode", "safe"), SECRET);
  assert.match(said, /^While Duo is out of reach, users .* are let in\.\n/);
  assert.match(await succeed(countersign, ["status"]), /^methods .*duo-push \(fail mode safe\)/m);
  const again = await succeed(countersign, configure("duo-push"), SECRET);
  assert.match(again, /are let in/, "it stays as it is until it is told otherwise");
  await succeed(countersign, configure("duo-push", "--fail-mode", "secure"), SECRET);
  assert.doesNotMatch(await succeed(countersign, ["status"]), /safe/);
});

const tmux = needs("tmux");

test("the secret is asked for without being shown", tmux, async (t) => {
  const home = await Home.make(t);
  const argv = [CLI, ...configure().filter((word) => word !== "--secret-stdin")];
  const terminal = await Terminal.start(t, argv, { env: home.env });
  await terminal.shows("Secret key:");
  await terminal.enter(SECRET);
  const screen = await terminal.shows("duo-push is on");
  assert.ok(!screen.includes(SECRET));
  assert.equal(await secretOf(home, "duo-push"), SECRET);
});

for (const key of ["C-c", "C-d"]) {
  test(`${key} at the secret changes nothing`, tmux, async (t) => {
    const home = await Home.make(t);
    const countersign = home.run.bind(home);
    await succeed(countersign, configure("duo-prompt"), SECRET);
    const before = readFileSync(join(home.path, "countersign.json"));
    const events = await auditOf(countersign);
    const other = ["duo", "configure", "duo-prompt", "--api-host", HOST, "--client-id", OTHER_ID];
    const terminal = await Terminal.start(t, [CLI, ...other], { env: home.env });
    await terminal.shows("Client secret:");
    await terminal.press(key);
    await terminal.shows("nothing was changed");
    assert.ok(before.equals(readFileSync(join(home.path, "countersign.json"))));
    assert.equal(await secretOf(home, "duo-prompt"), SECRET);
    assert.deepEqual(await auditOf(countersign), events);
  });
}

test("without a terminal the way is standard input", needs("setsid"), async (t) => {
  const home = await Home.make(t);
  const args = configure().filter((word) => word !== "--secret-stdin");
  assertFailure(await home.run(args), 1, /no terminal/, /--secret-stdin/);
  assertFailure(await home.run(configure()), 1, /there was no secret key: nothing was changed/);
});

test(
  "killed at any step, a method is never on with another application's secret",
  needs("strace"),
  async (t) => {
    const other = ["--client-id", OTHER_ID, "--secret-stdin"];
    const args = ["duo", "configure", "duo-prompt", "--api-host", HOST, ...other];
    const original = await Home.make(t);
    await succeed(original.run.bind(original), configure("duo-prompt"), SECRET);
    const begin = async (): Promise<Home> => {
      const home = await Home.make(t);
      await cp(original.path, home.path, { recursive: true });
      return home;
    };
    const states = [
      `${ID} ${SECRET}`,
      `off ${SECRET}`,
      `off ${OTHER_SECRET}`,
      `${OTHER_ID} ${OTHER_SECRET}`,
    ];
    const writes = await listWrites((await begin()).path, args, OTHER_SECRET);
    const killedAt = memoized(async (amount: number): Promise<number> => {
      const home = await begin();
      const { name: call, nth } = writes[amount - 1] ?? assert.fail();
      await runAndKill(home.path, args, OTHER_SECRET, { after: "writes", amount: nth, call });
      const { apiHost, clientId } = loadSettings(scopeOfHome(home)).duo.prompt;
      assert.equal(apiHost === undefined, clientId === undefined, "both or none");
      const state = `${clientId ?? "off"} ${await secretOf(home, "duo-prompt")}`;
      assert.ok(states.includes(state), `killed at its call ${amount}: ${state}`);
      return states.indexOf(state);
    });
    // Before and after each change of state, and at so many calls between as lead there.
    for (const [index, state] of states.slice(1).entries()) {
      const first = await firstWith(
        writes.length,
        async (amount) => (await killedAt(amount)) > index,
      );
      assert.equal(await killedAt(first), index + 1, `never ${state}`);
    }
  },
);

/** The lowest number from 1 on of which it holds, where it then holds of all that follow. */
async function firstWith(last: number, holds: (amount: number) => Promise<boolean>) {
  let [low, high] = [1, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function memoized(work: (amount: number) => Promise<number>): typeof work {
  const known = new Map<number, Promise<number>>();
  return (amount) => {
    const found = known.get(amount) ?? work(amount);
    known.set(amount, found);
    return found;
  };
}

test("what a login would refuse is not set, and what is set goes on", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, configure(), `${SECRET}\n`);
  const before = readFileSync(join(home.path, "countersign.json"), "utf8");
  for (const [name, value] of [
    ["duo.proxy", "proxy.example:99999"],
    ["duo.push.apiHost", "not-of-duo.example.org"],
    ["duo.push.apiHost", "api-12345678.duosecurity.com:99999"],
    ["duo.push.caFile", "/nonexistent/ca.pem"],
  ] as const) {
    const ended = await countersign(["config", "set", name, value]);
    assert.notEqual(ended.code, 0, `${name}=${value}`);
    assert.match(ended.stderr, /^error: .+\ntry: /, ended.stderr);
  }
  const proxy = [...configure(), "--proxy", "proxy.example:99999"];
  assert.notEqual((await countersign(proxy, { input: `${SECRET}\n` })).code, 0);
  assert.equal(readFileSync(join(home.path, "countersign.json"), "utf8"), before);
});
