/**
 * What duo_unix's own tests hold it to, where no other test here does: HACKING.md has the list.
 * Where duo_unix lets in by fail mode safe because Duo answered nonsense, this does not.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server as PlainServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import { createServer as createRawTlsServer, type Server, type TlsOptions } from "node:tls";
import type { FailMode } from "../../src/contracts/method.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { certificates } from "../duo/stand-in/certificates.ts";
import { needs } from "../support/parts.ts";
import { applicationAt, DuoHost, Person } from "./duo-host.ts";

const PARTS = needs("openssl");
const UNAVAILABLE = "unavailable: duo";
const ALLOWED = "exempt: duo-unreachable-allowed";
const JSON_TYPE = { "Content-Type": "application/json" };

async function listen(t: TestContext, server: Server | PlainServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** How a login of alice's ends at a host that answers everything so, in each fail mode. */
async function endsAt(t: TestContext, port: number, failMode: FailMode): Promise<string> {
  const duo = await DuoHost.enrolled(t);
  const push = applicationAt(duo.standIn, { apiHost: `localhost:${port}`, failMode });
  const root = duo.host.with({ methods: methodsFor({ push }) });
  const { verdict, reason } = await root.verify("alice", {}, new Person("push"));
  return `${verdict}: ${reason}`;
}

function answering(status: number, body: string) {
  return createTlsServer(certificates().shown.good, (request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(status, JSON_TYPE).end(body));
  });
}

test("an HTTP status of 400 to 404 lets nobody in, whatever the fail mode", PARTS, async (t) => {
  for (const status of [400, 401, 402, 403, 404]) {
    const port = await listen(t, answering(status, ""));
    assert.equal(await endsAt(t, port, "safe"), UNAVAILABLE, `${status}`);
  }
});

test("an HTTP status of 500 to 504 goes to the fail mode", PARTS, async (t) => {
  for (const status of [500, 501, 502, 503, 504]) {
    const port = await listen(t, answering(status, ""));
    assert.equal(await endsAt(t, port, "secure"), UNAVAILABLE, `${status}`);
    assert.equal(await endsAt(t, port, "safe"), ALLOWED, `${status}`);
  }
});

test("a reply that is none lets nobody in, whatever the fail mode", PARTS, async (t) => {
  for (const document of [
    { stat: "OK" },
    { stat: "FAIL" },
    { stat: "BAD_STATUS" },
    { stat: "FAIL", code: 1000, message: "Pre-authentication failed" },
    { stat: "OK", response: { result: "allow", xxx: "you rock" } },
    { stat: "OK", response: { result: "ALLOW", status_msg: "you rock" } },
    { stat: "OK", response: { result: ["allow"], status_msg: "you rock" } },
    { stat: "OK", response: { result: "enroll", status_msg: "Enroll", enroll_portal_url: "x:" } },
  ]) {
    const port = await listen(t, answering(200, JSON.stringify(document)));
    assert.equal(await endsAt(t, port, "safe"), UNAVAILABLE, JSON.stringify(document));
  }
  const port = await listen(t, answering(200, '{"stat":"OK","response":{"result":"allow'));
  assert.equal(await endsAt(t, port, "safe"), UNAVAILABLE);
});

test("a server without a certificate is not Duo", PARTS, async (t) => {
  const anonymous: TlsOptions = { ciphers: "aNULL:@SECLEVEL=0", maxVersion: "TLSv1.2" };
  const server = createRawTlsServer(anonymous, (socket) => socket.destroy());
  server.on("tlsClientError", () => {});
  const port = await listen(t, server);
  assert.equal(await endsAt(t, port, "secure"), UNAVAILABLE);
});

for (const name of ["busy-for-1-second", "busy-until-a-date", "busy"] as const) {
  test(`a Duo that is ${name} is asked again, and is believed then`, PARTS, async (t) => {
    const duo = await DuoHost.enrolled(t, { answer: "allow" });
    duo.standIn.misbehave(name, "/auth/v2/preauth", 1);
    assert.equal(await duo.ends("push"), "accept");
    assert.deepEqual(duo.asked.slice(0, 3), ["preauth", "preauth", "auth"]);
    assert.equal(duo.pushes, 1);
  });
}

test("hosts of every spelling are told, and none breaks the request", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { preauth: "allow" });
  const odd = [
    "XXXX:XXXX:XXXX:XXXX:XXXX:XXXX:AAA.BBB.CCC.DDD",
    "nowhere",
    '"%s"',
    "!@#$%^&*()_+<>{}|;'",
    "[]/?%zz",
    "::ffff:999.1.1.1",
  ];
  for (const rhost of odd) {
    assert.equal(await duo.ends("push", "alice", { rhost }), "accept", rhost);
    assert.equal(duo.sent("preauth").hostname, rhost);
  }
});

test("the proxy is the setting's, and what it refuses is Duo out of reach", PARTS, async (t) => {
  const duo = await DuoHost.enrolled(t, { answer: "allow" });
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    const other = connect(duo.standIn.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(other).pipe(socket);
    });
    for (const end of [socket, other]) end.on("error", () => {});
  });
  const port = await listen(t, proxy);
  const through = async (at: string, failMode: FailMode = "secure") => {
    const push = applicationAt(duo.standIn, { proxy: at, failMode });
    const root = duo.host.with({ methods: methodsFor({ push }) });
    return (await root.verify("alice", {}, new Person("push"))).verdict;
  };
  assert.equal(await through(`127.0.0.1:${port}`), "accept");
  assert.deepEqual(new Set(tunnels), new Set([duo.standIn.host]));
  assert.equal(await through("127.0.0.1:1"), "unavailable");
  assert.equal(await through("127.0.0.1:1", "safe"), "exempt");
  assert.equal(duo.pushes, 1);
});

test("a Duo whose clock is minutes off is not asked to take another time", PARTS, async (t) => {
  const duo = await DuoHost.open(t, {
    standIn: { clockAhead: 400_000 },
    application: { failMode: "safe" },
  });
  duo.at("alice", { answer: "allow" });
  const { verdict, fault } = await duo.login("push");
  assert.deepEqual([verdict, fault?.code], ["unavailable", "duo-refused"]);
  assert.match(`${fault?.message} ${fault?.hint}`, /NTP/);
});
