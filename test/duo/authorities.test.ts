/** The pinned roots are whole, and are what Node knows them as; a CA file takes their place. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { getCACertificates } from "node:tls";
import { DUO_ROOTS } from "../../src/duo/roots.ts";
import { firstExpiry, parseAuthorities } from "../../src/https/authorities.ts";
import { needs } from "../support/parts.ts";
import { certificates } from "./stand-in/certificates.ts";

test("fifteen distinct roots, each signed by itself and allowed to sign", () => {
  const roots = DUO_ROOTS.map((pem) => new X509Certificate(pem));
  assert.equal(new Set(roots.map((root) => root.fingerprint256)).size, 15);
  for (const root of roots) {
    assert.ok(root.ca, root.subject);
    assert.ok(root.verify(root.publicKey), root.subject);
    assert.ok(Date.parse(root.validTo) >= Date.parse("2031-01-01"), root.subject);
  }
});

test("those that Node brings with it are the same, bit for bit", () => {
  const bundled = new Map(
    getCACertificates("bundled").map((pem) => {
      const root = new X509Certificate(pem);
      return [root.subject, root.fingerprint256];
    }),
  );
  const shared = DUO_ROOTS.map((pem) => new X509Certificate(pem)).filter(({ subject }) =>
    bundled.has(subject),
  );
  assert.ok(shared.length >= 10);
  for (const root of shared) assert.equal(root.fingerprint256, bundled.get(root.subject));
});

test("the first expiry is told, for the doctor to warn of", () => {
  assert.equal(firstExpiry(DUO_ROOTS), Date.parse("2031-11-10T00:00:00Z"));
});

test("a CA file is authorities and nothing else", needs("openssl"), () => {
  const { authority, stranger, shown } = certificates();
  const read = parseAuthorities(`# ours\n${authority}\n${stranger}`);
  assert.deepEqual(
    read.map((pem) => new X509Certificate(pem).subject),
    ["CN=authority", "CN=stranger"],
  );
  for (const text of [
    "",
    "not PEM",
    shown.good.cert,
    `${authority}${shown.good.key}`,
    authority.replace(/^-----END.*$/m, ""),
    authority.slice(0, 200),
    authority.replace(/[A-Za-z0-9]{20}/, "A".repeat(20)),
    `${authority}-----BEGIN CERTIFICATE-----\n`,
  ]) {
    assert.throws(() => parseAuthorities(text), { code: "settings-invalid" }, text);
  }
});
