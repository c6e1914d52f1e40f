/** Whatever is wrong with Duo, its keys or the way there is told apart, in bounded time. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { parseApiHost } from "../../src/duo/api-host.ts";
import { unreachable } from "../../src/duo/connection.ts";
import type { DuoTrouble } from "../../src/duo/duo-fault.ts";
import { duoRoute } from "../../src/duo/route.ts";
import { needs } from "../support/parts.ts";
import { clientOf, routeTo, trouble } from "./client.ts";
import { PHONE } from "./stand-in/account.ts";
import { type CertificateKind, certificates } from "./stand-in/certificates.ts";
import { MISBEHAVIOUR_NAMES, type Misbehaviour } from "./stand-in/misbehaviour.ts";
import { startStandIn } from "./stand-in/server.ts";

const PUSH = { factor: "push", device: PHONE.device } as const;

const SHORT = { request: 1000, call: 1500, poll: 1000 };

/** What each comes to, and whether Duo may have acted upon a request that it met with. */
const EXPECTED: Readonly<Record<Misbehaviour, readonly [DuoTrouble, boolean, RegExp?]>> = {
  html: ["nonsense", true, /is not JSON but text\/html/],
  "html-forbidden": ["nonsense", true, /text\/html/],
  "wrong-content-type": ["nonsense", true, /text\/plain/],
  "truncated-json": ["nonsense", true, /not valid JSON/],
  "truncated-body": ["unreachable", true, /ended the connection/],
  "no-body": ["nonsense", true],
  "not-utf8": ["nonsense", true],
  "missing-fields": ["nonsense", true, /has no "t.*" that fits/],
  "no-stat": ["nonsense", true, /neither OK nor FAIL/],
  "not-an-object": ["nonsense", true],
  "huge-reply": ["nonsense", true, /larger than any/],
  "huge-head": ["nonsense", true],
  "not-http": ["nonsense", true, /does not answer in HTTP/],
  busy: ["rate-limited", false],
  "busy-for-1-second": ["rate-limited", false],
  "busy-until-a-date": ["rate-limited", false],
  "busy-for-an-hour": ["rate-limited", false],
  "server-error": ["server-error", true, /HTTP status 500/],
  unavailable: ["server-error", true, /HTTP status 503/],
  hang: ["timed-out", true, /did not answer in time/],
  "hang-mid-body": ["timed-out", true],
  redirect: ["nonsense", true, /redirect \(HTTP status 307\)/],
  reset: ["unreachable", true, /ended the connection/],
  "escape-sequences": ["request", false, /Invalid\[2J request parameters: username \(40002\)$/],
};

for (const name of MISBEHAVIOUR_NAMES) {
  test(`${name}: a fault of its kind, and no second push`, needs("openssl"), async (t) => {
    const standIn = await startStandIn(t);
    standIn.account.users.set("alice", { preauth: "auth", devices: [PHONE], answer: "allow" });
    standIn.misbehave(name);
    const waits = /^(busy|hang)/.test(name);
    const api = clientOf(standIn, waits ? { limits: SHORT } : {});
    const [kind, mayHaveActed, message] = EXPECTED[name];
    await assert.rejects(api.auth({ user: "alice" }, PUSH), trouble(kind, mayHaveActed, message));
    await assert.rejects(api.preauth({ user: "alice" }), trouble(kind, false));
    await assert.rejects(api.authStatus("x"), trouble(kind, true));
    await assert.rejects(api.check(), trouble(kind, false, message));
    assert.ok(standIn.received.every(({ path }) => path.startsWith("/auth/v2/")));
    const auths = standIn.received.filter(({ path }) => path === "/auth/v2/auth");
    if (!name.startsWith("busy")) assert.equal(auths.length, 1);
    assert.equal(standIn.account.sent.pushes, 0);
    standIn.behave();
    await clientOf(standIn).check();
  });
}

test(
  "Duo that is busy for a while is asked again, with a new date",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    standIn.account.users.set("alice", { preauth: "auth", devices: [PHONE], answer: "allow" });
    const api = clientOf(standIn);
    for (const name of ["busy", "busy-for-1-second", "busy-until-a-date"] as const) {
      standIn.misbehave(name, "/auth/v2/auth", 1);
      const before = performance.now();
      await api.auth({ user: "alice" }, PUSH);
      assert.ok(performance.now() - before >= 950, "waited");
    }
    assert.equal(standIn.account.sent.pushes, 3);
    assert.equal(standIn.replays, 0);
  },
);

test(
  "an hour that Duo asks for is not waited for, and hanging up ends a wait",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    const api = clientOf(standIn);
    standIn.misbehave("busy-for-an-hour");
    const before = performance.now();
    await assert.rejects(api.check(), trouble("rate-limited", false));
    assert.ok(performance.now() - before < 20_000);
    assert.equal(standIn.received.length, 1);
    standIn.behave();
    standIn.misbehave("busy-for-1-second");
    const gone = AbortSignal.timeout(300);
    await assert.rejects(api.check(gone), { name: "TimeoutError" });
    assert.equal(standIn.received.length, 2);
  },
);

test(
  "the keys, the clock and the type of application are told apart",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    const wrong = (credentials: object) => clientOf(standIn, { credentials }).check();
    const unknown = wrong({ integrationKey: "DIYYYYYYYYYYYYYYYYYY" });
    await assert.rejects(unknown, trouble("integration-key", false, /does not know/));
    const secretKey = Buffer.from("beefdeadbeefdeadbeefdeadbeefdeadbeefdead");
    await assert.rejects(wrong({ secretKey }), trouble("secret-key", false));
    const ahead = clientOf(standIn, { clockAhead: 3_600_000 }).check();
    await assert.rejects(ahead, trouble("clock", false, /its clock is (3599|3600|3601) s ahead$/));
    const behind = clientOf(standIn, { clockAhead: -600_000 }).auth({ user: "alice" }, PUSH);
    await assert.rejects(behind, trouble("clock", false, /its clock is (599|600|601) s behind$/));
    await clientOf(standIn, { clockAhead: 240_000 }).check();
    const web = await startStandIn(t, { application: { type: "websdk" } });
    await assert.rejects(clientOf(web).check(), trouble("application-type", false));
    await clientOf(web).ping();
  },
);

test("no secret is in a fault", needs("openssl"), async (t) => {
  const standIn = await startStandIn(t, { application: { secretKey: "x".repeat(40) } });
  const secretKey = Buffer.from("topsecret-topsecret-topsecret-topsecret-");
  const api = clientOf(standIn, { credentials: { secretKey } });
  for (const name of [undefined, ...MISBEHAVIOUR_NAMES.slice(0, 4)]) {
    if (name) standIn.misbehave(name);
    const failed = api.auth({ user: "alice" }, { factor: "passcode", passcode: "918273" });
    const fault = await failed.then(undefined, (error: Error) => error);
    assert.doesNotMatch(inspect(fault, { depth: 20, showHidden: true }), /topsecret|918273/);
    standIn.behave();
  }
});

const CERTIFICATES: Readonly<Record<Exclude<CertificateKind, "good" | "name-only">, RegExp>> = {
  "other-name": /it is of another host$/,
  expired: /it has expired$/,
  "other-authority": /no trusted authority vouches for it$/,
};

for (const [kind, reason] of Object.entries(CERTIFICATES)) {
  test(`a certificate that will not do: ${kind}`, needs("openssl"), async (t) => {
    const standIn = await startStandIn(t, { certificate: kind as CertificateKind });
    const api = clientOf(standIn);
    await assert.rejects(api.ping(), trouble("certificate", false, reason));
    await assert.rejects(api.auth({ user: "alice" }, PUSH), trouble("certificate", false));
    assert.deepEqual(standIn.received, []);
  });
}

test("only Duo's roots vouch for Duo", needs("openssl"), async (t) => {
  const standIn = await startStandIn(t);
  const { host } = routeTo(standIn);
  for (const route of [duoRoute(host), { host, authorities: [] }]) {
    await assert.rejects(clientOf(standIn, { route }).ping(), trouble("certificate", false));
  }
});

/** A server that speaks no TLS: what `greet` writes, or nothing. */
async function plain(t: TestContext, greeting?: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    t.after(() => socket.destroy());
    if (greeting !== undefined) socket.end(greeting);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  return `localhost:${address !== null && typeof address === "object" ? address.port : 0}`;
}

test("no host, nobody there, no TLS, or silence: nothing was sent", needs("openssl"), async (t) => {
  const standIn = await startStandIn(t);
  const stopped = await startStandIn(t);
  const closed = stopped.host;
  await stopped.stop();
  for (const [host, kind, message] of [
    ["no-such-host.invalid", "unreachable", /has no address|cannot be looked up/],
    [closed, "unreachable", /refuses the connection/],
    [await plain(t, "HTTP/1.1 200 OK\r\n\r\n"), "nonsense", /does not answer as it should/],
    [await plain(t, ""), "unreachable", /ended the connection/],
    [await plain(t), "timed-out", /did not answer in time/],
  ] as const) {
    const api = clientOf(standIn, {
      route: { host: parseApiHost(host, true) },
      // A busy machine takes its time, but only silence is to last as long as it may.
      limits: kind === "timed-out" ? { request: 1500, call: 1500 } : {},
    });
    await assert.rejects(api.auth({ user: "alice" }, PUSH), trouble(kind, false, message));
  }
});

test(
  "once Duo has said that it is too busy, nothing that follows is an outage",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    let asked = 0;
    const server = createTlsServer(certificates().shown.good, (_, response) => {
      const refuse = () => response.writeHead(429, { "Retry-After": "1" }).end();
      if (++asked === 1) refuse();
      else setTimeout(refuse, 1500);
    });
    server.listen(0, "localhost");
    await once(server, "listening");
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const api = clientOf(standIn, {
      route: { host: parseApiHost(`localhost:${port}`, true) },
      limits: { request: 2000, call: 2000 },
    });
    await assert.rejects(api.preauth({ user: "alice" }), trouble("rate-limited", false));
    assert.equal(asked, 2);
  },
);

test("what this host has run out of is no outage of Duo's", () => {
  const codeOf = (code?: string) =>
    unreachable("duo", 443, Object.assign(new Error("it failed"), code ? { code } : {})).code;
  for (const errno of ["EMFILE", "ENFILE", "ENOMEM", "EADDRNOTAVAIL", "ERR_SSL_WRONG_VERSION"]) {
    assert.equal(codeOf(errno), "duo-invalid", errno);
  }
  assert.equal(codeOf(), "duo-invalid", "no errno at all");
  for (const errno of ["ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "EAI_AGAIN", "ENOTFOUND"]) {
    assert.equal(codeOf(errno), "duo-unreachable", errno);
  }
});
