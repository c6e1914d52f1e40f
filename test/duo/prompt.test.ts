/** The wrapper and Duo's real SDK against the stand-in, over real TLS. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { before, describe, type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { Fault } from "../../src/core/fault.ts";
import { callbackUri, wayBackOf } from "../../src/core/redirect.ts";
import { DuoFault } from "../../src/duo/duo-fault.ts";
import { DuoPrompt } from "../../src/duo/prompt.ts";
import { judgeRedirect } from "../../src/duo/prompt-attempt.ts";
import type { PromptSettings } from "../../src/duo/prompt-settings.ts";
import { makeDirectory, ROOT } from "../support/cli.ts";
import { SettableClock } from "../support/clock.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV, run } from "../support/run.ts";
import { type Certificates, makeCertificates } from "./prompt-stand-in/certificates.ts";
import {
  BROKEN_REPLIES,
  type BrokenReply,
  FORGERIES,
  type Forgery,
  type Result,
} from "./prompt-stand-in/misbehaviour.ts";
import { CLIENT, PromptStandIn, type StandInOptions } from "./prompt-stand-in/stand-in.ts";
import { saying, tunnel } from "./proxy.ts";

const REDIRECT = callbackUri(8080);

let certificates: Certificates;

function settingsOf(standIn: PromptStandIn, more: Partial<PromptSettings> = {}): PromptSettings {
  const { ca } = certificates;
  return { ...CLIENT, apiHost: standIn.host, allowHost: true, ca, timeout: 5000, ...more };
}

interface World {
  readonly standIn: PromptStandIn;
  readonly clock: SettableClock;
  readonly duo: DuoPrompt;
}

async function open(
  t: TestContext,
  more: Partial<PromptSettings> = {},
  options: StandInOptions = {},
): Promise<World> {
  const standIn = await PromptStandIn.start(t, certificates, options);
  const clock = new SettableClock(Date.now());
  const duo = new DuoPrompt(settingsOf(standIn, more), { clock, random: randomBytes });
  return { standIn, clock, duo };
}

/** Begins, has the person answer, and judges the redirect: what is left is the exchange. */
async function answered({ standIn, duo }: World, answer: "approve" | "deny" = "approve") {
  const { attempt, url } = await duo.begin("alice", REDIRECT);
  const judged = judgeRedirect(attempt, standIn.answerFor(url, answer), Date.now());
  if (judged.kind !== "code") throw new Error(judged.kind);
  return { attempt, url, code: judged.code };
}

/** The fault that it ends in, in which nothing of what must not be told stands, however deep. */
async function faultOf(work: Promise<unknown>, secrets: readonly string[]): Promise<Fault> {
  try {
    assert.fail(`no fault, but ${inspect(await work)}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const all = inspect(error, { depth: 20, showHidden: true }) + error.stack + String(error.cause);
    for (const secret of [CLIENT.clientSecret, "eyJ", ...secrets]) {
      assert.ok(!all.includes(secret), "a secret stands in the fault");
    }
    return error;
  }
}

async function exchangeFault(world: World, gone?: AbortSignal): Promise<Fault> {
  const { attempt, code } = await answered(world);
  const secrets = [code, attempt.state, attempt.nonce];
  return faultOf(world.duo.exchange(attempt, code, gone), secrets);
}

describe("Duo's prompt", needs("openssl"), () => {
  before(async () => {
    certificates = await makeCertificates();
  });

  test("health: there, and how far the clocks are apart", async (t) => {
    const { duo, clock, standIn } = await open(t);
    clock.advance(30_000);
    const { clockOffset } = await duo.healthCheck();
    assert.ok(Math.abs(clockOffset - 30) <= 2, String(clockOffset));
    assert.deepEqual(standIn.requests, ["POST /oauth/v1/health_check"]);
  });

  test("approved: allowed, with Duo's words for the record, without control characters", async (t) => {
    const world = await open(t);
    const { attempt, code } = await answered(world);
    assert.deepEqual(await world.duo.exchange(attempt, code), {
      allowed: true,
      record: {
        txid: "00000000-0000-4000-8000-000000000000",
        factor: "duo_push",
        reason: "user_approved",
        status: "allow",
        device: "+1 555 0100[2J",
        ip: "192.0.2.8",
      },
    });
    assert.deepEqual(world.standIn.refused, []);
  });

  test("denied by the person, with a token that holds in all else", async (t) => {
    const world = await open(t);
    const { attempt, code } = await answered(world, "deny");
    const outcome = await world.duo.exchange(attempt, code);
    assert.equal(outcome.allowed, false);
    assert.equal(outcome.record.reason, "user_denied");
  });

  const REFUSED: readonly Result[] = [
    "fraud",
    "timeout",
    "result ALLOW",
    "result true",
    "result [allow]",
  ];
  for (const result of REFUSED) {
    test(`not allowed: ${result}`, async (t) => {
      const world = await open(t);
      world.standIn.approval = result;
      const { attempt, code } = await answered(world);
      assert.equal((await world.duo.exchange(attempt, code)).allowed, false);
    });
  }

  for (const [result, reason] of [
    ["bypass", "bypass_user"],
    ["remembered", "remembered_device"],
  ] as const) {
    test(`allowed, and why is recorded: ${result}`, async (t) => {
      const world = await open(t);
      world.standIn.approval = result;
      const { attempt, code } = await answered(world);
      const outcome = await world.duo.exchange(attempt, code);
      assert.equal(outcome.allowed, true);
      assert.equal(outcome.record.reason, reason);
    });
  }

  for (const forgery of Object.keys(FORGERIES) as Forgery[]) {
    test(`a token that does not hold: ${forgery}`, async (t) => {
      const world = await open(t);
      world.standIn.forgery = forgery;
      assert.equal((await exchangeFault(world)).code, "duo-invalid");
    });
  }

  const UNREACHABLE: readonly BrokenReply[] = [
    "truncated",
    "status 500",
    "status 503",
    "hang",
    "hang in the body",
    "drip",
  ];
  for (const broken of Object.keys(BROKEN_REPLIES) as BrokenReply[]) {
    const expected = UNREACHABLE.includes(broken)
      ? "duo-unreachable"
      : broken === "status 429"
        ? "duo-refused"
        : "duo-invalid";
    test(`a reply that is none: ${broken}`, async (t) => {
      const world = await open(t, { timeout: 700 });
      world.standIn.broken = { health: broken, token: broken };
      const started = performance.now();
      assert.equal((await faultOf(world.duo.healthCheck(), [])).code, expected);
      assert.equal((await exchangeFault(world)).code, expected);
      assert.ok(performance.now() - started < 15_000);
      assert.ok(!world.standIn.requests.some((each) => each.includes("elsewhere")));
    });
  }

  test("no more is read of a reply than a token takes", async (t) => {
    const { duo, standIn } = await open(t);
    standIn.broken = { health: "huge" };
    assert.match((await faultOf(duo.healthCheck(), [])).message, /too large/);
  });

  test("a code counts once", async (t) => {
    const world = await open(t);
    const { attempt, code } = await answered(world);
    assert.equal((await world.duo.exchange(attempt, code)).allowed, true);
    const secrets = [code, attempt.state, attempt.nonce];
    const fault = await faultOf(world.duo.exchange(attempt, code), secrets);
    assert.equal(fault.code, "duo-refused");
    assert.deepEqual(world.standIn.refused, ["no such code, or used before"]);
  });

  test("a code that has expired", async (t) => {
    const world = await open(t, {}, { codeLifetime: 0 });
    assert.equal((await exchangeFault(world)).code, "duo-refused");
    assert.deepEqual(world.standIn.refused, ["the code has expired"]);
  });

  test("another user's code: neither in their own attempt nor in this one", async (t) => {
    const world = await open(t);
    const mallory = await world.duo.begin("mallory", REDIRECT);
    const redirect = world.standIn.answerFor(mallory.url, "approve");
    const alice = await world.duo.begin("alice", REDIRECT);
    const judged = judgeRedirect(alice.attempt, redirect, Date.now());
    assert.deepEqual(judged, { kind: "refused", reason: "wrong-state" });
    const [code = ""] = world.standIn.codes;
    const fault = await faultOf(world.duo.exchange(alice.attempt, code), [code]);
    assert.equal(fault.code, "duo-invalid");
    assert.match(fault.message, /preferred_username/);
  });

  test("a code of one's own from another visit: the nonce tells", async (t) => {
    const world = await open(t);
    const first = await answered(world);
    const second = await world.duo.begin("alice", REDIRECT);
    const fault = await faultOf(world.duo.exchange(second.attempt, first.code), [first.code]);
    assert.equal(fault.code, "duo-invalid");
    assert.match(fault.message, /nonce/);
  });

  test("a code for another callback", async (t) => {
    const world = await open(t);
    const { attempt, code } = await answered(world);
    const moved = { ...attempt, redirectUri: callbackUri(8081) };
    const fault = await faultOf(world.duo.exchange(moved, code), [code]);
    assert.equal(fault.code, "duo-refused");
    assert.deepEqual(world.standIn.refused, ["another redirect_uri"]);
  });

  test("a token judged when it has expired by this host's clock", async (t) => {
    const world = await open(t);
    world.clock.advance(361_000);
    const fault = await exchangeFault(world);
    assert.equal(fault.code, "duo-invalid");
    assert.match(fault.message, /exp/);
  });

  test("wrong client secret: told, and the secret is not", async (t) => {
    const clientSecret = "another0secret00000000000000000000000000";
    const { duo } = await open(t, { clientSecret });
    const fault = await faultOf(duo.healthCheck(), [clientSecret]);
    assert.equal(fault.code, "duo-refused");
    assert.match(fault.message, /client id or the client secret \(40002\)/);
  });

  test("a clock that is off is named as such", async (t) => {
    const { duo, standIn } = await open(t);
    standIn.ahead = 600;
    const fault = await faultOf(duo.healthCheck(), []);
    assert.equal(fault.code, "duo-refused");
    assert.match(fault.message, /clock is (599|60\d) s behind$/);
  });

  test("asked too often: waits as told, once, and no longer than makes sense", async (t) => {
    const { duo, standIn } = await open(t);
    standIn.tooMany = { left: 1, retryAfter: "1" };
    const started = performance.now();
    await duo.healthCheck();
    assert.ok(performance.now() - started >= 1000);
    standIn.tooMany = { left: 2, retryAfter: "0" };
    assert.equal((await faultOf(duo.healthCheck(), [])).code, "duo-refused");
    standIn.tooMany = { left: 1, retryAfter: "3600" };
    const fault = await faultOf(duo.healthCheck(), []);
    assert.equal(fault.hint, "wait 3600 s");
    assert.equal(standIn.requests.length, 5);
  });

  test("nobody there, and no such name", async (t) => {
    const { duo, standIn } = await open(t);
    const settings = settingsOf(standIn, { apiHost: "countersign.invalid" });
    await standIn.close();
    const fault = await faultOf(duo.healthCheck(), []);
    assert.equal(fault.code, "duo-unreachable");
    assert.match(fault.message, /refuses the connection/);
    const parts = { clock: new SettableClock(Date.now()), random: randomBytes };
    const unknown = await faultOf(new DuoPrompt(settings, parts).healthCheck(), []);
    assert.equal(unknown.code, "duo-unreachable");
  });

  test("a proxy that was set is the only way, and sees no more than the name", async (t) => {
    const { proxy, asked } = await tunnel(t);
    const { duo, standIn } = await open(t, { proxy });
    await duo.healthCheck();
    const wanted = `CONNECT ${standIn.host} {"host":"${standIn.host}","connection":"close"}`;
    assert.deepEqual(asked, [wanted]);
    for (const [proxy, code, message] of [
      [await saying(t, "HTTP/1.1 407 Auth\r\n\r\n"), "duo-unreachable", /\(HTTP status 407\)$/],
      [await saying(t, "SSH-2.0-x\r\n\r\n"), "duo-invalid", /^the proxy /],
    ] as const) {
      const closed = await open(t, { proxy });
      const fault = await faultOf(closed.duo.healthCheck(), []);
      assert.equal(fault.code, code);
      assert.match(fault.message, message);
      assert.deepEqual(closed.standIn.requests, []);
    }
    // Behind the proxy the certificate is held to the pinned roots all the same.
    const { ca: _, ...pinned } = settingsOf(standIn, { proxy });
    const parts = { clock: new SettableClock(Date.now()), random: randomBytes };
    const foreign = await faultOf(new DuoPrompt(pinned, parts).healthCheck(), []);
    assert.ok(foreign instanceof DuoFault && foreign.trouble === "certificate", foreign.message);
  });

  test("a certificate of nobody's, and one for another name", async (t) => {
    const standIn = await PromptStandIn.start(t, certificates);
    const parts = { clock: new SettableClock(Date.now()), random: randomBytes };
    const { ca: _, ...pinned } = settingsOf(standIn);
    const foreign = await faultOf(new DuoPrompt(pinned, parts).healthCheck(), []);
    assert.ok(foreign instanceof DuoFault && foreign.trouble === "certificate", foreign.message);
    assert.equal(foreign.code, "duo-unreachable");
    const apiHost = standIn.host.replace("localhost", "ip6-localhost");
    const address = standIn.host.replace("localhost", "127.0.0.1");
    for (const host of [apiHost, address]) {
      const named = new DuoPrompt(settingsOf(standIn, { apiHost: host }), parts);
      const fault = await faultOf(named.healthCheck(), []);
      assert.equal(fault.code, "duo-unreachable");
    }
    assert.deepEqual(standIn.requests, []);
  });

  test("a person who goes ends the asking, and that is no outage", async (t) => {
    const world = await open(t);
    world.standIn.broken = { health: "hang", token: "hang" };
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 100);
    assert.equal((await faultOf(world.duo.healthCheck(gone.signal), [])).code, "refused");
    assert.equal((await exchangeFault(world, gone.signal)).code, "refused");
    assert.equal(world.standIn.requests.length, 1);
    world.standIn.tooMany = { left: 1, retryAfter: "9" };
    const later = new AbortController();
    setTimeout(() => later.abort(), 100);
    const started = performance.now();
    assert.equal((await faultOf(world.duo.healthCheck(later.signal), [])).code, "refused");
    assert.ok(performance.now() - started < 5000);
  });

  test("whoever opens the address can read the way back in it, and no secret", async (t) => {
    const { duo } = await open(t);
    const { attempt, url } = await duo.begin("alice", REDIRECT);
    assert.deepEqual(wayBackOf(url), { state: attempt.state, redirectUri: REDIRECT });
    assert.ok(!url.includes(CLIENT.clientSecret));
    // A line of the protocol holds 8 KiB, in percent where need be.
    assert.ok(encodeURIComponent(url).length < 4096);
  });

  test("an address that is not this machine's is not begun with", async (t) => {
    const { duo } = await open(t);
    for (const uri of ["https://example.org/callback", "http://localhost:80/callback"]) {
      await assert.rejects(duo.begin("alice", uri), { code: "usage" });
    }
  });

  test("the environment of a login: no proxy, no certificate, no switched-off check", async (t) => {
    const world = await open(t);
    // Closed by now: whoever asks it gets no answer.
    const closed = await PromptStandIn.start(t, certificates);
    const proxy = `http://${closed.host}`;
    await closed.close();
    const names = ["http_proxy", "https_proxy", "all_proxy", "npm_config_proxy"];
    const proxies = names.flatMap((name) => [
      [name, proxy],
      [name.toUpperCase(), proxy],
    ]);
    const env = { ...MINIMAL_ENV, ...Object.fromEntries(proxies), NODE_USE_ENV_PROXY: "1" };
    const { ca, ...pinned } = settingsOf(world.standIn);
    const ask = (settings: PromptSettings, more: Readonly<Record<string, string>>) =>
      run([`${ROOT}/node_modules/.bin/node`, `${ROOT}/test/duo/programs/health-check.ts`], {
        env: { ...env, ...more },
        input: JSON.stringify(settings),
      });
    const good = await ask(settingsOf(world.standIn), {});
    assert.equal(good.stdout, "there", good.stderr);
    const path = `${await makeDirectory(t)}/ca.pem`;
    await writeFile(path, ca ?? "");
    const untrusted = await ask(pinned, {
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      NODE_EXTRA_CA_CERTS: path,
      SSL_CERT_FILE: path,
    });
    assert.equal(untrusted.stdout, "duo-unreachable", untrusted.stderr);
  });
});
