/** Keys go to Duo's own hosts, or where the administrator says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { authority, parseApiHost } from "../../src/duo/api-host.ts";

const invalid = { code: "settings-invalid" };

test("Duo's form is taken, in any letter case", () => {
  const host = { name: "api-1a2b3c4d.duosecurity.com", port: 443 };
  assert.deepEqual(parseApiHost("api-1a2b3c4d.duosecurity.com"), host);
  assert.deepEqual(parseApiHost("API-1A2B3C4D.DuoSecurity.com", true), host);
  assert.equal(authority(host), "api-1a2b3c4d.duosecurity.com");
});

test("what only looks like it is refused", () => {
  for (const text of [
    "",
    "api-1a2b3c4d.duosecurity.com.example.org",
    "api-1a2b3c4d.duosecurity.com.",
    "api-1a2b3c4d.duosecurity.com:443",
    "api-1a2b3c4d.duosecurity.com\n",
    "api-1a2b3c4d.duosecurity.com/",
    "https://api-1a2b3c4d.duosecurity.com",
    "user@api-1a2b3c4d.duosecurity.com",
    "api-1a2b3c4d.duosecurity.com#",
    "xapi-1a2b3c4d.duosecurity.com",
    "api-1a2b3c4.duosecurity.com",
    "api-1a2b3c4de.duosecurity.com",
    "api-1a2b3c4d.duosecurityxcom",
    "admin-1a2b3c4d.duosecurity.com",
    "duosecurity.com",
    "localhost",
    "127.0.0.1",
    // Dotless i, and Kelvin's K: letter case must not make other letters into these.
    "ap\u0131-1a2b3c4d.duosecurity.com",
    "api-1a2b3c4\u212a.duosecurity.com",
  ]) {
    assert.throws(() => parseApiHost(text), invalid, JSON.stringify(text));
  }
});

test("another host and port, when allowed, and no more than that", () => {
  assert.deepEqual(parseApiHost("Duo.Example.org", true), { name: "duo.example.org", port: 443 });
  assert.deepEqual(parseApiHost("localhost:8443", true), { name: "localhost", port: 8443 });
  assert.deepEqual(parseApiHost("127.0.0.1:1", true), { name: "127.0.0.1", port: 1 });
  assert.equal(authority(parseApiHost("localhost:8443", true)), "localhost:8443");
  for (const text of [
    "https://localhost",
    "localhost/",
    "localhost:",
    "localhost:0",
    "localhost:65536",
    "localhost:08443",
    "localhost:1:2",
    "a b",
    "a\r\nb",
    "a@b",
    "-a.org",
    "a-.org",
    "a..org",
    ".org",
    "0x7f000001",
    "127.1",
    "2130706433",
    "[::1]",
    "a%2eorg",
    `${"a".repeat(64)}.org`,
  ]) {
    assert.throws(() => parseApiHost(text, true), invalid, JSON.stringify(text));
  }
});

test("whatever comes in, it is a host or a fault of one printable line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, anyHost) => {
      try {
        const { name, port } = parseApiHost(text, anyHost);
        assert.equal(URL.parse(`https://${name}:${port}`)?.hostname, name);
      } catch (error) {
        assert.ok(error instanceof Fault);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
      }
    }),
  );
});
