/** What `duo check` tells apart, of real clients that ask stand-ins which go wrong in each way. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { type Certificates, makeCertificates } from "../duo/prompt-stand-in/certificates.ts";
import { CLIENT, PromptStandIn } from "../duo/prompt-stand-in/stand-in.ts";
import {
  APPLICATION,
  type StandIn,
  type StandInOptions,
  startStandIn,
} from "../duo/stand-in/server.ts";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { setUpDuo } from "./duo.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const MINUTES = 60_000;

interface Checked {
  readonly method: string;
  readonly state: string;
  readonly message: string;
  readonly mend?: string;
  readonly clockOffset?: number;
  readonly code?: string;
}

/** `duo check --json`: what it finds of one method, and that the status goes by it. */
async function check(home: Home, method: string): Promise<Checked> {
  const { stdout, stderr, code } = await home.run(["duo", "check", method, "--json"]);
  assert.equal(stderr, "");
  const [found, ...more] = JSON.parse(stdout) as Checked[];
  assert.ok(found && more.length === 0);
  assert.equal(found.method, method);
  assert.equal(code, found.state === "problem" ? 1 : 0);
  if (found.state === "problem") assert.ok(found.mend, found.message);
  return found;
}

async function pushHome(t: TestContext, options: StandInOptions = {}, keys = APPLICATION) {
  const standIn = await startStandIn(t, options);
  const home = await Home.make(t);
  const { integrationKey: id, secretKey: secret } = keys;
  await setUpDuo(home, "duo-push", {
    host: standIn.host,
    authority: standIn.authority,
    id,
    secret,
  });
  return { standIn, home };
}

describe("of duo-push", needs("openssl"), () => {
  test("keys that Duo takes are ok, and nobody is asked for an approval", async (t) => {
    const { standIn, home } = await pushHome(t);
    const { state, message, clockOffset } = await check(home, "duo-push");
    assert.equal(state, "ok");
    // Duo's time is in whole seconds, and on its way for as long as this machine is busy.
    assert.ok(Math.abs(clockOffset ?? 99) <= 2, `${clockOffset} s`);
    assert.match(message, /^Duo takes the keys; /);
    const asked = standIn.received.map(({ path }) => path);
    assert.deepEqual(asked, ["/auth/v2/ping", "/auth/v2/check"]);
    const lines = await succeed(home.run.bind(home), ["duo", "check"]);
    assert.match(lines, /^ok {7}duo-push {2}Duo takes the keys; .+\n$/);
  });

  const refused: readonly (readonly [what: string, options: StandInOptions, RegExp, RegExp])[] = [
    [
      "another integration key",
      { application: { integrationKey: "DIYYYYYYYYYYYYYYYYYY" } },
      /^Duo does not know the integration key$/,
      /copy it from the application/,
    ],
    [
      "another secret key",
      { application: { secretKey: "beef".repeat(10) } },
      /secret key is another$/,
      /copy it from the application/,
    ],
    [
      "an application of another type",
      { application: { type: "websdk" } },
      /not of an Auth API application$/,
      /protect an application of the type Auth API/,
    ],
    ["a clock that is off", { clockAhead: 10 * MINUTES }, /clock is (599|60\d) s behind$/, /NTP/],
    [
      "a certificate of a stranger",
      { certificate: "other-authority" },
      /^the certificate of localhost is refused: no trusted authority/,
      /--ca-file/,
    ],
    ["a certificate of the past", { certificate: "expired" }, /it has expired$/, /--ca-file/],
    [
      "a certificate of another host",
      { certificate: "other-name" },
      /of another host$/,
      /--ca-file/,
    ],
  ];
  for (const [what, options, message, mend] of refused) {
    test(`${what} is told as such`, async (t) => {
      const { home } = await pushHome(t, options);
      const found = await check(home, "duo-push");
      assert.equal(found.state, "problem");
      assert.match(found.message, message);
      assert.match(found.mend ?? "", mend);
      assert.match(found.code ?? "", /^duo-/);
    });
  }

  const wrong: readonly (readonly [what: string, plan: (standIn: StandIn) => unknown, RegExp])[] = [
    ["a host that does not speak as Duo does", (it) => it.misbehave("html"), /is not JSON/],
    ["an outage", (it) => it.misbehave("server-error"), /fails to answer \(HTTP status 500\)$/],
    ["nobody there", (it) => it.stop(), /localhost:\d+ refuses the connection$/],
  ];
  for (const [what, plan, message] of wrong) {
    test(`${what} is told as such`, async (t) => {
      const { standIn, home } = await pushHome(t);
      await plan(standIn);
      assert.match((await check(home, "duo-push")).message, message);
    });
  }

  test("a screen of 80 columns holds a problem and its mend", async (t) => {
    const { home } = await pushHome(t, { application: { integrationKey: "DIYYYYYYYYYYYYYYYYYY" } });
    const { stdout, code } = await home.run(["duo", "check"]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^problem {2}duo-push {2}Duo does not know the integration key\n {19}try: /,
    );
  });
});

describe("of duo-prompt", needs("openssl"), () => {
  let certificates: Certificates;
  before(async () => {
    certificates = await makeCertificates();
  });

  async function promptHome(t: TestContext, client = CLIENT) {
    const standIn = await PromptStandIn.start(t, certificates, { client });
    const home = await Home.make(t);
    const { clientId: id, clientSecret: secret } = CLIENT;
    const authority = certificates.ca;
    await setUpDuo(home, "duo-prompt", { host: standIn.host, authority, id, secret });
    return { standIn, home };
  }

  test("a client that Duo takes is ok", async (t) => {
    const { standIn, home } = await promptHome(t);
    const { state, clockOffset } = await check(home, "duo-prompt");
    assert.equal(state, "ok");
    assert.ok(Math.abs(clockOffset ?? 99) <= 1);
    assert.deepEqual(standIn.requests, ["POST /oauth/v1/health_check"]);
  });

  test("a clock that is off and that Duo bears with is a warning", async (t) => {
    const { standIn, home } = await promptHome(t);
    standIn.ahead = 90;
    const { state, message, mend } = await check(home, "duo-prompt");
    assert.equal(state, "warning");
    assert.match(message, /this host's clock is (89|9\d) s behind Duo's$/);
    assert.match(mend ?? "", /NTP/);
  });

  test("another id or secret, a clock, a host, an outage: each as such", async (t) => {
    const clientSecret = "another0secret00000000000000000000000000";
    const other = await promptHome(t, { ...CLIENT, clientSecret });
    const found = await check(other.home, "duo-prompt");
    assert.match(found.message, /client id or the client secret/);
    assert.match(found.mend ?? "", /duo configure duo-prompt$/);
    const { standIn, home } = await promptHome(t);
    standIn.ahead = 600;
    assert.match((await check(home, "duo-prompt")).message, /clock is (599|60\d) s behind$/);
    standIn.ahead = 0;
    standIn.broken = { health: "HTML" };
    assert.match((await check(home, "duo-prompt")).message, /what answered is not Duo/);
    standIn.broken = { health: "status 503" };
    assert.match((await check(home, "duo-prompt")).message, /HTTP status 503/);
    await standIn.close();
    assert.match((await check(home, "duo-prompt")).message, /refuses the connection$/);
  });
});

test("both methods have a line each; none set up, or half of one, says so", async (t) => {
  const { standIn, home } = await pushHome(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["config", "set", "duo.prompt.apiHost", standIn.host]);
  const { stdout, code } = await home.run(["duo", "check"]);
  assert.equal(code, 1);
  const [push, prompt, mend] = stdout.split("\n");
  assert.match(push ?? "", /^ok {7}duo-push {4}Duo takes the keys/);
  assert.match(prompt ?? "", /^problem {2}duo-prompt {2}.*not set up$/);
  assert.match(mend ?? "", /^ {21}try: countersign duo configure duo-prompt$/);
  const bare = await Home.make(t);
  await bare.run(["init"]);
  assertFailure(await bare.run(["duo", "check"]), 1, /no method of Duo is set up/);
});

test("a CA file that has gone, and a host that is not allowed any more, are problems", async (t) => {
  const { home } = await pushHome(t);
  writeFileSync(join(home.path, "duo-ca.pem"), "");
  assert.match((await check(home, "duo-push")).message, /CA file is not a list of authorities/);
  // By hand, since config does not take it.
  const file = join(home.path, "countersign.json");
  const settings = JSON.parse(readFileSync(file, "utf8"));
  delete settings.duo.push.anyHost;
  writeFileSync(file, JSON.stringify(settings));
  assert.match((await check(home, "duo-push")).message, /is not an API host of Duo$/);
});
