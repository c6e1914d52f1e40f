/** The key URI, read back by another parser: what a phone would see. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBase32 } from "../../src/core/base32.ts";
import { keyUri } from "../../src/core/key-uri.ts";
import { DEFAULT_PARAMETERS, type OtpParameters } from "../../src/core/totp.ts";
import { TOTP_SECRETS } from "../vectors/rfc.ts";

const SECRET = TOTP_SECRETS.sha1;

function read(issuer: string, account: string, parameters: OtpParameters = DEFAULT_PARAMETERS) {
  const uri = keyUri({ issuer, account, secret: SECRET, parameters });
  const url = new URL(uri);
  const [first = "", second = "", ...more] = url.pathname.slice(1).split(":");
  assert.equal(more.length, 0);
  return {
    uri,
    kind: `${url.protocol}//${url.host}`,
    label: [decodeURIComponent(first), decodeURIComponent(second)],
    query: Object.fromEntries(url.searchParams),
    fragment: url.hash,
  };
}

test("with the default parameters it is as short as it can be", () => {
  assert.equal(
    keyUri({ issuer: "Host", account: "alice", secret: SECRET, parameters: DEFAULT_PARAMETERS }),
    "otpauth://totp/Host:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Host",
  );
});

test("parameters that differ are named as apps read them", () => {
  const { query } = read("Host", "alice", { algorithm: "sha256", digits: 8, period: 60 });
  assert.deepEqual(query, {
    secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    issuer: "Host",
    algorithm: "SHA256",
    digits: "8",
    period: "60",
  });
});

test("codes that count have a counter, and no period", () => {
  const parameters = { algorithm: "sha1", digits: 8, period: undefined } as const;
  assert.equal(
    keyUri({ issuer: "Host", account: "alice", secret: SECRET, parameters }),
    "otpauth://hotp/Host:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Host&digits=8&counter=0",
  );
});

test("whatever issuer and account hold, they come back, and nothing else does", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(
    fc.property(name, name, (issuer, account) => {
      const uri = read(issuer, account);
      assert.equal(uri.kind, "otpauth://totp");
      assert.deepEqual(uri.label, [issuer.replaceAll(":", " "), account.replaceAll(":", " ")]);
      assert.deepEqual(Object.keys(uri.query), ["secret", "issuer"]);
      assert.equal(uri.query.issuer, issuer.replaceAll(":", " "));
      assert.deepEqual(Buffer.from(decodeBase32(uri.query.secret ?? "")), SECRET);
      assert.equal(uri.fragment, "");
      assert.match(uri.uri, /^[\x21-\x7e]+$/);
    }),
  );
});

test("a name cannot smuggle in a parameter, a path or a label", () => {
  for (const name of [
    "a&secret=AAAA",
    "a?digits=8",
    "a#b",
    "a/../b",
    "a:b",
    "a%3Ab",
    "a b+c",
    "=",
  ]) {
    const { label, query } = read(name, name);
    assert.deepEqual(Object.keys(query), ["secret", "issuer"], name);
    assert.deepEqual(label, [name.replaceAll(":", " "), name.replaceAll(":", " ")]);
    assert.equal(query.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  }
});
