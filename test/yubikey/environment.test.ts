/** The environment of a login opens no way to a validation server, and closes none. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { tunnel } from "../duo/proxy.ts";
import { certificates } from "../duo/stand-in/certificates.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { SoftwareYubikey } from "../support/yubikey.ts";
import { API_KEY, CLIENT_ID, Pool, startValidationServer } from "./validation-server.ts";

/** Asks the first server by the tests' own authority; the second too, and by the public ones. */
const CHILD = `
  const source = process.argv[1] + "/src/yubikey/";
  const { trusting } = await import(source + "trust.ts");
  const { parseServers } = await import(source + "server-address.ts");
  const { validate } = await import(source + "validate.ts");
  const { readFileSync } = await import("node:fs");
  const { asked, apiKey, clientId, otp } = JSON.parse(readFileSync(0, "utf8"));
  for (const { url, authority } of asked) {
    const client = {
      servers: parseServers(url), trusted: trusting(authority), limit: 20_000,
      clientId, apiKey: Buffer.from(apiKey, "base64"),
    };
    const nonce = crypto.randomUUID().replaceAll("-", "");
    const question = { otp, nonce, now: Date.now };
    const answer = validate(client, question, new AbortController().signal);
    console.log(await answer.then(({ kind }) => kind, (error) => error.message));
  }
`;

test("neither proxies nor authorities of the environment count", needs("openssl"), async (t) => {
  const key = new SoftwareYubikey();
  const pool = new Pool().add(key);
  const server = await startValidationServer(t, { pool });
  const stranger = await startValidationServer(t, { pool, certificate: "other-authority" });
  const { proxy, asked } = await tunnel(t);
  const directory = mkdtempSync(join(tmpdir(), "countersign-yubikey-"));
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
    ...{ HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, NO_PROXY: "" },
    ...{ http_proxy: url, https_proxy: url, all_proxy: url },
  };
  const input = JSON.stringify({
    asked: [
      { url: server.url, authority },
      { url: stranger.url, authority },
      { url: stranger.url },
    ],
    ...{ apiKey: API_KEY, clientId: CLIENT_ID, otp: key.touch() },
  });
  for (const more of [{}, { NODE_OPTIONS: "--use-openssl-ca" }, { NODE_USE_SYSTEM_CA: "1" }]) {
    pool.seen.clear();
    const root = join(import.meta.dirname, "../..");
    const command = [process.execPath, "--input-type=module", "-e", CHILD, root];
    const env = { PATH: process.env.PATH ?? "", ...hostile, ...more };
    const { stdout, stderr } = await run(command, { input, env });
    const [own, other, byPublic] = stdout.trim().split("\n");
    assert.equal(own, "valid", stderr);
    assert.match(other ?? "", /^the certificate of .* is refused: no trusted authority vouches/);
    assert.match(byPublic ?? "", /^the certificate of .* is refused: no trusted authority vouches/);
  }
  assert.deepEqual(asked, []);
  assert.deepEqual(stranger.received, []);
});
