import assert from "node:assert/strict";
import { test } from "node:test";
import { constants } from "@duosecurity/duo_universal";
import { Fault } from "../../src/core/fault.ts";
import { checkSettings, type PromptSettings } from "../../src/duo/prompt-settings.ts";

const PINNED = constants.DUO_PINNED_CERT;

const GOOD: PromptSettings = {
  clientId: "DIXXXXXXXXXXXXXXXXXX",
  clientSecret: "s3cret".padEnd(40, "0"),
  apiHost: "api-0a1b2c3d.duosecurity.com",
};

function refusal(settings: Partial<PromptSettings>): Fault {
  try {
    checkSettings({ ...GOOD, ...settings });
  } catch (error) {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, "settings-invalid");
    assert.ok(!`${error.message}${error.hint}`.includes("s3cret"));
    return error;
  }
  throw new Error("taken");
}

test("what Duo gives out is taken", () => {
  assert.deepEqual(checkSettings(GOOD), GOOD);
  checkSettings({ ...GOOD, ca: PINNED });
});

test("client id and secret of other lengths or letters", () => {
  for (const clientId of [
    "",
    "DI",
    `${GOOD.clientId}X`,
    "DIXXXXXXXXXXXXXXXXX ",
    "dixxxxxxxxxxxxxxxxxx",
  ]) {
    assert.match(refusal({ clientId }).message, /client id/);
  }
  const secret = GOOD.clientSecret;
  for (const clientSecret of ["", secret.slice(1), `${secret}0`, `${secret.slice(1)}\n`]) {
    assert.match(refusal({ clientSecret }).message, /client secret/);
  }
});

const NOT_DUO = [
  "",
  "duosecurity.com",
  "api-0a1b2c3d.duosecurity.com:443",
  "api-0a1b2c3d.duosecurity.com.",
  "api-0a1b2c3d.duosecurity.com/",
  "api-0a1b2c3d.duosecurity.com.example.org",
  "api-0a1b2c3d.duosecurity.com\n",
  "https://api-0a1b2c3d.duosecurity.com",
  "user@api-0a1b2c3d.duosecurity.com",
  "xapi-0a1b2c3d.duosecurity.com",
  "api-0a1b2c3.duosecurity.com",
  "localhost:8443",
];

for (const apiHost of NOT_DUO) {
  test(`not a host of Duo's: ${JSON.stringify(apiHost)}`, () => {
    assert.match(refusal({ apiHost }).message, /API host/);
  });
}

test("one form of an API host holds for both of Duo's clients", () => {
  const apiHost = "api-xyz12345.duosecurity.com";
  assert.equal(checkSettings({ ...GOOD, apiHost: apiHost.toUpperCase() }).apiHost, apiHost);
  const allowed = { ...GOOD, allowHost: true };
  assert.equal(checkSettings({ ...allowed, apiHost: "LOCALHOST:443" }).apiHost, "localhost");
});

test("another host, with its port, only where it is allowed, and only a host", () => {
  for (const apiHost of ["localhost:8443", "duo.example.org", "127.0.0.1:8443"]) {
    checkSettings({ ...GOOD, apiHost, allowHost: true });
    assert.match(refusal({ apiHost, allowHost: false }).message, /API host/);
  }
  for (const apiHost of [
    "https://localhost",
    "localhost/path",
    "localhost?x",
    "localhost#x",
    "user@localhost",
    "localhost:",
    "localhost:0",
    "localhost:65536",
    "localhost:8443\\@example.org",
    "local host",
    "-localhost",
    "0x7f.1",
  ]) {
    assert.match(refusal({ apiHost, allowHost: true }).message, /API host/, apiHost);
  }
});

test("a CA file without a certificate, or with one that is broken or cut", () => {
  const first = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(PINNED)?.[0] ?? "";
  checkSettings({ ...GOOD, ca: `a comment\n${first}\nanother\n${first}\n` });
  const broken = first.replace("MII", "AAA");
  const cut = first.slice(0, first.length / 2);
  for (const ca of ["", "no certificate", broken, cut, `${first}\n${broken}`, `${first}\n${cut}`]) {
    assert.match(refusal({ ca }).message, /CA file/);
  }
});
