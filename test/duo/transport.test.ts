/** The way to Duo: what the environment cannot bend, the proxy that was set, and no leaks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { parseApiHost } from "../../src/duo/api-host.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { clientOf, trouble } from "./client.ts";
import { listening, saying, tunnel } from "./proxy.ts";
import { certificates } from "./stand-in/certificates.ts";
import { type StandIn, startStandIn } from "./stand-in/server.ts";

const CHILD = `
  const { AuthApi } = await import(process.argv[1] + "/src/duo/auth-api.ts");
  const { parseApiHost } = await import(process.argv[1] + "/src/duo/api-host.ts");
  const { readFileSync } = await import("node:fs");
  const { host, authority } = JSON.parse(readFileSync(0, "utf8"));
  const api = new AuthApi({
    route: { host: parseApiHost(host, true), authorities: [authority] },
    credentials: { integrationKey: "x", secretKey: Buffer.from("x") },
    clock: Date,
  });
  console.log(await api.ping().then(() => "answered", (error) => error.trouble));
`;

async function pingInEnvironment(
  env: Readonly<Record<string, string>>,
  standIn: StandIn,
  authority: string,
): Promise<string> {
  const root = join(import.meta.dirname, "../..");
  const command = [process.execPath, "--input-type=module", "-e", CHILD, root];
  const input = JSON.stringify({ host: standIn.host, authority });
  const ended = await run(command, { input, env: { PATH: process.env.PATH ?? "", ...env } });
  return ended.stdout.trim() || ended.stderr;
}

test("the environment opens no way and closes none", needs("openssl"), async (t) => {
  const standIn = await startStandIn(t);
  const stranger = await startStandIn(t, { certificate: "other-authority" });
  const { proxy, asked } = await tunnel(t);
  const directory = mkdtempSync(join(tmpdir(), "countersign-duo-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const trusted = join(directory, "ca.pem");
  const { authority } = certificates();
  writeFileSync(trusted, certificates().stranger);
  const url = `http://127.0.0.1:${proxy.port}`;
  const hostile = {
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: trusted,
    SSL_CERT_FILE: trusted,
    NODE_USE_ENV_PROXY: "1",
    NODE_NO_WARNINGS: "1",
    NODE_OPTIONS: "--tls-min-v1.0",
    ...{ HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, NO_PROXY: "" },
    ...{ http_proxy: url, https_proxy: url, all_proxy: url },
  };
  for (const more of [{}, { NODE_OPTIONS: "--use-openssl-ca" }, { NODE_USE_SYSTEM_CA: "1" }]) {
    const env = { ...hostile, ...more };
    assert.equal(await pingInEnvironment(env, standIn, authority), "answered");
    assert.equal(await pingInEnvironment(env, stranger, authority), "certificate");
  }
  assert.deepEqual(asked, []);
});

test(
  "a proxy that was set is the only way, and sees no more than the name",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    const { proxy, asked } = await tunnel(t);
    await clientOf(standIn, { route: { proxy } }).check();
    assert.deepEqual(asked, [
      `CONNECT ${standIn.host} {"host":"${standIn.host}","connection":"close"}`,
    ]);
    // Behind the proxy the certificate is held to Duo's name all the same.
    const stranger = await startStandIn(t, { certificate: "other-name" });
    const behind = clientOf(stranger, { route: { proxy } }).check();
    await assert.rejects(behind, trouble("certificate", false));
  },
);

test(
  "a proxy that refuses, lies, hangs or is not there is no way around it",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    const gone = await startStandIn(t);
    const nobody = { host: "127.0.0.1", port: gone.port };
    await gone.stop();
    for (const [proxy, kind, message] of [
      [nobody, "unreachable", /^the proxy .* refuses the connection$/],
      [await saying(t, "HTTP/1.1 407 Auth\r\n\r\n"), "unreachable", /\(HTTP status 407\)$/],
      [await saying(t, "HTTP/1.1 302 No\r\nLocation: https://x/\r\n\r\n"), "unreachable", /302/],
      [await saying(t, "HTTP/1.1 200 OK\r\n\r\nearly"), "nonsense", /^the proxy /],
      [await saying(t, "SSH-2.0-x\r\n\r\n"), "nonsense", /^the proxy /],
      [await saying(t, ""), "timed-out", /did not answer in time$/],
    ] as const) {
      const limits = kind === "timed-out" ? { limits: { request: 1000, call: 1000 } } : {};
      const api = clientOf(standIn, { route: { proxy }, ...limits });
      const pushed = api.auth({ user: "alice" }, { factor: "push", device: "auto" });
      await assert.rejects(pushed, trouble(kind, false, message));
    }
    assert.deepEqual(standIn.received, []);
  },
);

test("TLS before 1.2 is not spoken", needs("openssl"), async (t) => {
  const standIn = await startStandIn(t);
  const old = { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;
  const server = createTlsServer({ ...certificates().shown.good, ...old });
  server.on("tlsClientError", () => {});
  const port = await listening(t, server);
  const host = parseApiHost(`localhost:${port}`, true);
  // To those who put up with it, the server does speak.
  const ca = certificates().authority;
  const lax = connectTls({ host: "localhost", port, ca, ...old });
  await once(lax, "secureConnect");
  lax.destroy();
  await assert.rejects(clientOf(standIn, { route: { host } }).ping(), trouble("nonsense", false));
});

test(
  "an address in place of a name is held to its certificate too",
  needs("openssl"),
  async (t) => {
    const standIn = await startStandIn(t);
    const named = await startStandIn(t, { certificate: "name-only" });
    const at = ({ port }: StandIn) => ({ host: parseApiHost(`127.0.0.1:${port}`, true) });
    await clientOf(named).ping();
    const byAddress = clientOf(named, { route: at(named) }).ping();
    await assert.rejects(byAddress, trouble("certificate", false, /of another host/));
    // The stand-in answers to its name alone, and so tells that it was reached.
    const reached = clientOf(standIn, { route: at(standIn) }).ping();
    await assert.rejects(reached, trouble("request", false, /40401/));
  },
);

test("who hangs up is told so at once, and no connection stays", needs("openssl"), async (t) => {
  const standIn = await startStandIn(t);
  const api = clientOf(standIn);
  const before = AbortSignal.abort(new Error("gone before"));
  await assert.rejects(api.check(before), { message: "gone before" });
  assert.equal(standIn.received.length, 0);
  standIn.misbehave("hang");
  const during = new AbortController();
  const asked = Array.from({ length: 20 }, () => api.check(during.signal));
  while (standIn.received.length < 20) await sleep(10);
  during.abort(new Error("gone meanwhile"));
  for (const each of asked) await assert.rejects(each, { message: "gone meanwhile" });
  standIn.behave();
  await Promise.all(Array.from({ length: 20 }, () => api.ping()));
  for (let tries = 0; standIn.connections > 0 && tries < 200; tries++) await sleep(25);
  assert.equal(standIn.connections, 0);
});
