import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, createServer, type Server } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { type CallbackServer, listenForCallback } from "../../src/terminal/callback-server.ts";
import { ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";

const STATE = "s".repeat(43);
const GOOD = `/callback?state=${STATE}&duo_code=c0de`;

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  /** Address to connect to. */
  readonly address?: string;
}

async function open(
  t: TestContext,
  port?: number,
): Promise<{ server: CallbackServer; port: number }> {
  const server = await listenForCallback(port);
  const used = Number(new URL(server.redirectUri).port);
  t.after(async () => {
    // Else it would wait for the browser to fetch its page.
    await ask(used, { path: "/received" }).catch(() => undefined);
    await server.close();
  });
  return { server, port: used };
}

async function ask(port: number, asked: Asked = {}): Promise<Answer> {
  const { method = "GET", path = GOOD, host = `localhost:${port}`, address = "127.0.0.1" } = asked;
  const headers = { Host: host };
  const request = httpRequest({ host: address, port, method, path, headers, agent: false });
  request.end();
  const [response] = await once(request, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

/** Sends these bytes as they are, and returns the status line that comes back, if any. */
async function askRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.end(text);
  let body = "";
  for await (const chunk of socket) body += chunk;
  return body.split("\r\n", 1)[0] ?? "";
}

/** Nobody answers there any more. */
async function assertClosed(port: number): Promise<void> {
  for (const address of ["127.0.0.1", "::1"]) {
    await assert.rejects(ask(port, { address }), { code: "ECONNREFUSED" });
  }
}

async function listen(t: TestContext, host: string, port = 0): Promise<Server> {
  const server = createServer().listen({ host, port, ipv6Only: true });
  await once(server, "listening");
  t.after(() => server.close());
  return server;
}

const portOf = (server: Server): number => (server.address() as { port: number }).port;

test("the first redirect of this state: a clean address, a page, and the port is closed", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  const answer = await ask(port);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.location, "/received");
  assert.equal(answer.body, "");
  const address = `${server.redirectUri}?state=${STATE}&duo_code=c0de`;
  assert.deepEqual(await waiting, { kind: "text", text: address });
  const page = await ask(port, { path: "/received" });
  assert.equal(page.status, 200);
  assert.match(page.body, /<h1>Received<\/h1>/);
  assert.ok(!/success|c0de|sss/i.test(page.body));
  await server.close();
  await assertClosed(port);
});

test("on ::1 as well", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  assert.equal((await ask(port, { address: "::1" })).status, 303);
  assert.equal((await waiting).kind, "text");
});

test("an end without a code is an answer too", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  const path = `/callback?error=access_denied&state=${STATE}`;
  assert.equal((await ask(port, { path })).status, 303);
  assert.deepEqual(await waiting, {
    kind: "text",
    text: `${server.redirectUri}?${path.slice(10)}`,
  });
});

test("every reply tells the browser to keep, pass on and run nothing", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  const answers = [
    await ask(port, { path: "/" }),
    await ask(port, { path: "/callback" }),
    await ask(port, { host: "example.org" }),
    await ask(port, { method: "POST" }),
    await ask(port),
    await ask(port, { path: "/received" }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 400, 400, 405, 303, 200],
  );
  for (const { headers } of answers) {
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["x-content-type-options"], "nosniff");
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; /);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.ok(!/unsafe|script/.test(policy));
  }
  await waiting;
});

describe("what does not count, and the port stays open", () => {
  const WRONG: readonly (readonly [string, Asked, number])[] = [
    ["another state", { path: GOOD.replace("sss", "ttt") }, 400],
    ["a state in other letters", { path: GOOD.replace(STATE, STATE.toUpperCase()) }, 400],
    ["no state", { path: "/callback?duo_code=c0de" }, 400],
    ["no code", { path: `/callback?state=${STATE}` }, 400],
    ["no query", { path: "/callback" }, 400],
    ["a repeated state", { path: `${GOOD}&state=${STATE}` }, 400],
    ["a repeated code", { path: `${GOOD}&duo_code=other` }, 400],
    ["a code and an error", { path: `${GOOD}&error=access_denied` }, 400],
    ["another path", { path: GOOD.replace("/callback", "/other") }, 404],
    ["a path below", { path: GOOD.replace("/callback", "/callback/") }, 404],
    ["a path with dots", { path: GOOD.replace("/callback", "/x/../callback") }, 404],
    ["a path in percent", { path: GOOD.replace("/callback", "/%63allback") }, 404],
    ["a path in capitals", { path: GOOD.replace("/callback", "/CALLBACK") }, 404],
    ["a proxy's form", { path: `http://localhost${GOOD}` }, 404],
    ["the page before there is one", { path: "/received" }, 404],
    ["another name", { host: "example.org" }, 400],
    ["the address", { host: "127.0.0.1" }, 400],
    ["a name below", { host: "x.localhost" }, 400],
    ["POST", { method: "POST" }, 405],
    ["HEAD", { method: "HEAD" }, 405],
    ["OPTIONS", { method: "OPTIONS" }, 405],
    ["PUT", { method: "PUT" }, 405],
  ];
  for (const [what, asked, status] of WRONG) {
    test(what, async (t) => {
      const { server, port } = await open(t);
      const waiting = server.wait(STATE);
      const { host } = asked;
      const named = host === undefined ? asked : { ...asked, host: `${host}:${port}` };
      assert.equal((await ask(port, named)).status, status);
      assert.equal((await ask(port)).status, 303);
      assert.equal((await waiting).kind, "text");
    });
  }

  test("another port, or none, in Host", async (t) => {
    const { server, port } = await open(t);
    const waiting = server.wait(STATE);
    for (const host of [
      `localhost:${port + 1}`,
      "localhost",
      `localhost:${port}.`,
      "",
      `LOCALHOST:${port}`,
    ]) {
      assert.equal((await ask(port, { host })).status, 400, host);
    }
    await ask(port);
    assert.equal((await waiting).kind, "text");
  });

  test("Host missing, twice, or not HTTP at all", async (t) => {
    const { server, port } = await open(t);
    const waiting = server.wait(STATE);
    const host = `Host: localhost:${port}\r\n`;
    for (const text of [
      `GET ${GOOD} HTTP/1.1\r\n\r\n`,
      `GET ${GOOD} HTTP/1.0\r\n\r\n`,
      `GET ${GOOD} HTTP/1.1\r\n${host}${host}\r\n`,
      `GET ${GOOD} HTTP/1.1\r\n${host}Host: example.org\r\n\r\n`,
      `GET ${GOOD}\r\n\r\n`,
      `GET ${GOOD} HTTP/1.1\n${host}X: ${"x".repeat(20_000)}\r\n\r\n`,
      "\x16\x03\x01\x02\x00\x01\x00",
      "\r\n",
    ]) {
      assert.match(await askRaw(port, text), /^(HTTP\/1.1 4\d\d .*)?$/, JSON.stringify(text));
    }
    await ask(port);
    assert.equal((await waiting).kind, "text");
  });
});

test("before it is told a state, none counts", async (t) => {
  const { server, port } = await open(t);
  for (const state of [STATE, "undefined", ""]) {
    const path = `/callback?state=${state}&duo_code=c0de`;
    assert.equal((await ask(port, { path })).status, 400);
  }
  const waiting = server.wait(STATE);
  assert.equal((await ask(port)).status, 303);
  assert.equal((await waiting).kind, "text");
});

test("two callbacks: the first counts, once; a browser that asks again hears the same", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  assert.equal((await ask(port)).status, 303);
  assert.equal((await ask(port, { path: GOOD.replace("c0de", "other") })).status, 400);
  assert.equal((await ask(port)).status, 303);
  const reply = await waiting;
  assert.ok(reply.kind === "text" && reply.text.endsWith("duo_code=c0de"));
});

test("a hundred at once: one counts", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  const paths = Array.from({ length: 100 }, (_, n) => GOOD.replace("c0de", `c0de${n}`));
  const answers = await Promise.all(paths.map((path) => ask(port, { path })));
  assert.equal(answers.filter(({ status }) => status === 303).length, 1);
  assert.equal((await waiting).kind, "text");
});

test("a browser that does not fetch the page does not hold the port", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  await ask(port);
  await waiting;
  await server.close();
  await assertClosed(port);
});

test("nobody comes: timed out, and closed", async (t) => {
  const { server, port } = await open(t);
  assert.deepEqual(await server.wait(STATE, { timeout: 50 }), { kind: "timed-out" });
  await assertClosed(port);
});

test("five minutes, where nothing else is said", async (t) => {
  const { server, port } = await open(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = server.wait(STATE);
  let isOver = false;
  waiting.finally(() => (isOver = true)).catch(() => undefined);
  t.mock.timers.tick(5 * 60_000 - 1);
  await new Promise(setImmediate);
  assert.equal(isOver, false);
  t.mock.timers.tick(1);
  assert.deepEqual(await waiting, { kind: "timed-out" });
  t.mock.timers.reset();
  await assertClosed(port);
});

test("cancelled: closed at once, and before it began as well", async (t) => {
  for (const when of ["later", "before"]) {
    const { server, port } = await open(t);
    const gone = new AbortController();
    if (when === "before") gone.abort();
    const waiting = server.wait(STATE, { signal: gone.signal });
    // Somebody who has asked for half a page does not hold it up.
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    const ended = new Promise((resolve) => socket.once("close", resolve));
    if (when === "later") {
      socket.write("GET /callback");
      await once(socket, "connect");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const started = performance.now();
    gone.abort();
    assert.deepEqual(await waiting, { kind: "cancelled" });
    await assertClosed(port);
    await ended;
    assert.ok(performance.now() - started < 3000, "it waited for the rest of the request");
  }
});

test("connections that say nothing do not keep the browser out", async (t) => {
  const { server, port } = await open(t);
  const waiting = server.wait(STATE);
  const sockets = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
  t.after(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  assert.equal((await ask(port)).status, 303);
  assert.equal((await waiting).kind, "text");
});

test("a port of one's choice, and one that is taken: on either address", async (t) => {
  for (const host of ["127.0.0.1", "::1"]) {
    const taken = portOf(await listen(t, host));
    await assert.rejects(listenForCallback(taken), (error: unknown) => {
      assert.ok(error instanceof Error && "code" in error && "hint" in error);
      assert.equal(error.code, "conflict");
      assert.equal(error.message, `port ${taken} is taken on this machine`);
      assert.match(String(error.hint), /choose another port/);
      return true;
    });
  }
  const first = await open(t);
  await first.server.close();
  const { server } = await open(t, first.port);
  assert.equal(server.redirectUri, `http://localhost:${first.port}/callback`);
});

test("a port that is the system's, or none", async () => {
  for (const port of [-1, 1, 80, 1023, 65_536, 1.5, Number.NaN]) {
    await assert.rejects(listenForCallback(port), { code: "usage" });
  }
});

test("on no other address of this machine", async (t) => {
  const { port } = await open(t);
  await assert.rejects(ask(port, { address: "127.0.0.2" }), { code: "ECONNREFUSED" });
});

test("a machine without IPv6: on IPv4 alone", needs("root", "unshare", "ip"), async () => {
  const program = `${ROOT}/test/terminal/programs/callback.ts`;
  const off = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up";
  const script = `${off}; exec "$@"`;
  const argv = [
    "unshare",
    "-n",
    "sh",
    "-c",
    script,
    "sh",
    `${ROOT}/node_modules/.bin/node`,
    program,
  ];
  const { stdout, stderr } = await runOrThrow(argv);
  assert.equal(stdout, "IPv6 is off\n303 on 127.0.0.1\ntext\n");
  assert.equal(stderr, "");
});
