/** The stand-in refuses what Duo would: a client that passes has done it right. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { type TestContext, test } from "node:test";
import { needs } from "../support/parts.ts";
import { PHONE } from "./stand-in/account.ts";
import { type StandIn, startStandIn } from "./stand-in/server.ts";

interface Raw {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  /** What is signed, where it is not what is sent. */
  readonly signed?: string;
  readonly date?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sent in chunks, without a Content-Length. */
  readonly chunked?: boolean;
}

/** The code of the refusal, or "OK". */
async function send(standIn: StandIn, raw: Raw): Promise<number | string> {
  const { method = "POST", path = "/auth/v2/preauth", body = "", signed = body } = raw;
  const date = raw.date ?? new Date().toUTCString();
  const text = [date, method, "localhost", path.split("?")[0], signed].join("\n");
  const { integrationKey, secretKey } = standIn.application;
  const signature = createHmac("sha512", secretKey).update(text).digest("hex");
  const headers = {
    Host: standIn.host,
    Date: date,
    Authorization: `Basic ${Buffer.from(`${integrationKey}:${signature}`).toString("base64")}`,
    ...(method === "POST" ? { "Content-Type": "application/x-www-form-urlencoded" } : {}),
    ...(method === "POST" && !raw.chunked ? { "Content-Length": String(body.length) } : {}),
    ...raw.headers,
  };
  const kept = Object.fromEntries(Object.entries(headers).filter(([, value]) => value));
  const asked = httpsRequest({
    ...{ host: "localhost", port: standIn.port, ca: standIn.authority, agent: false },
    ...{ method, path, headers: kept, setHost: false, servername: "localhost" },
  });
  if (raw.chunked) asked.write(body);
  asked.end(raw.chunked ? undefined : body);
  const [reply] = await once(asked, "response");
  let document = "";
  for await (const chunk of reply) document += chunk;
  const { stat, code } = JSON.parse(document);
  if (stat === "FAIL") assert.equal(reply.statusCode, Math.trunc(code / 100));
  return stat === "OK" ? "OK" : code;
}

async function begin(t: TestContext): Promise<(raw: Raw) => Promise<number | string>> {
  const standIn = await startStandIn(t);
  const passcodes = new Set(["123456"]);
  standIn.account.users.set("alice", { preauth: "auth", devices: [PHONE], passcodes });
  return (raw) => send(standIn, raw);
}

test("good requests pass", needs("openssl"), async (t) => {
  const request = await begin(t);
  assert.equal(await request({ body: "username=alice" }), "OK");
  assert.equal(await request({ method: "GET", path: "/auth/v2/check" }), "OK");
  const unsigned = { Authorization: undefined, Date: undefined };
  assert.equal(await request({ method: "GET", path: "/auth/v2/ping", headers: unsigned }), "OK");
});

test("the signature is judged, with all that it covers", needs("openssl"), async (t) => {
  const request = await begin(t);
  const body = "username=alice";
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();
  const cases: readonly [Raw, number | string][] = [
    [{ body, headers: { Authorization: undefined } }, 40101],
    [{ body, headers: { Authorization: "Basic eDp5" } }, 40102],
    [{ body, headers: { Authorization: "Bearer x" } }, 40102],
    [{ body, headers: { Date: undefined } }, 40104],
    [{ body, headers: { Date: at(7) } }, 40103],
    [{ body, date: at(-400) }, 40105],
    [{ body, date: at(400) }, 40105],
    [{ body, date: "yesterday" }, 40105],
    [{ body, date: at(200) }, "OK"],
    [{ body, signed: "username=bob" }, 40103],
    [{ body: "username=a%20b", signed: "username=a+b" }, 40103],
    [{ body: "username=alice&hostname=h", signed: "username=alice&hostname=h" }, 40103],
    [{ body: "username=alice&hostname=h", signed: "hostname=h&username=alice" }, "OK"],
    [{ body, path: "/auth/v2/enroll_statusx" }, 40401],
  ];
  for (const [raw, expected] of cases) {
    assert.equal(await request(raw), expected, JSON.stringify(raw));
  }
});

test("a request that was seen before is refused", needs("openssl"), async (t) => {
  const request = await begin(t);
  const raw = { body: "username=alice", date: new Date().toUTCString() };
  assert.equal(await request(raw), "OK");
  assert.equal(await request(raw), 40103);
});

test("parameters, lengths and types are judged", needs("openssl"), async (t) => {
  const request = await begin(t);
  const auth = "/auth/v2/auth";
  const push = `async=1&device=${PHONE.device}&factor=push`;
  const cases: readonly [Raw, number | string][] = [
    [{}, 40001],
    [{ body: "username=" }, 40001],
    [{ body: "username=alice", chunked: true }, 41101],
    [{ body: "username=alice", headers: { "Content-Type": "application/json" } }, 40106],
    [{ body: "username=alice&username=alice" }, 40002],
    [{ body: "undefined=1&username=alice" }, 40002],
    [{ body: "ipaddr=host&username=alice" }, 40002],
    [{ body: "hostname=&username=alice" }, 40002],
    [{ body: "username=alice", path: "/auth/v2/preauth?x=1" }, 40002],
    [{ body: "username=alice", headers: { Host: "elsewhere" } }, 40401],
    [{ path: auth, body: `${push}&username=alice` }, "OK"],
    [{ path: auth, body: `${push}&username=nobody` }, 40002],
    [{ path: auth, body: `${push}&txid=x&username=alice` }, 40002],
    [{ path: auth, body: `async=1&device=DPX&factor=push&username=alice` }, 40002],
    [{ path: auth, body: `device=auto&factor=push&username=alice` }, 40001],
    [{ path: auth, body: `async=1&device=auto&factor=magic&username=alice` }, 40002],
    [{ path: auth, body: `async=1&device=auto&factor=passcode&passcode=1&username=alice` }, 40002],
    [{ method: "GET", path: "/auth/v2/auth_status?txid=x", signed: "txid=x" }, 40002],
    [{ method: "PUT" }, 40501],
  ];
  for (const [raw, expected] of cases) {
    assert.equal(await request(raw), expected, JSON.stringify(raw));
  }
});
