import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { encodeBase32, groupsOfFour } from "../../src/core/base32.ts";
import { keyUri } from "../../src/core/key-uri.ts";
import { enrollmentCard } from "../../src/terminal/enrollment-card.ts";
import { CONTENT } from "./content.ts";

const UTF8 = { LANG: "C.UTF-8", TERM: "xterm" };
const SCREEN = { isTTY: true, columns: 80, rows: 24 };

function card(setting: "auto" | "ascii" | "none", environment = {}, output = {}): string[] {
  return enrollmentCard(
    CONTENT,
    setting,
    { ...UTF8, ...environment },
    { ...SCREEN, ...output },
  ).map(stripVTControlCharacters);
}

test("the usual card holds in 80 columns and leaves rows for the prompt", () => {
  const lines = card("auto");
  assert.equal(lines.length, 21);
  assert.ok(lines.every((line) => [...line].length <= 80));
  const right = lines.map((line) => line.slice(41).trim()).filter((line) => line !== "");
  assert.deepEqual(right, [
    "Scan this with your authenticator",
    "app, or type the key into it:",
    "Issuer   example.com",
    "Account  alice",
    "Key      GEZD GNBV GY3T QOJQ GEZD",
    "GNBV GY3T QOJQ",
  ]);
});

test("where there is no room beside the symbol the text stands below, or alone", () => {
  const narrow = { columns: 60, rows: 40 };
  assert.match(card("auto", {}, narrow)[22] ?? "", /^Scan this/);
  assert.match(
    card("auto", {}, { columns: 60 }).slice(0, 2).join(" "),
    /^No QR code: this needs 31 rows, the terminal has 24\. enroll --qr-file FILE writes/,
  );
  assert.deepEqual(card("ascii"), [
    "No QR code: this needs 82 columns, the terminal has 80 (--qr utf8 would fit).",
    "enroll --qr-file FILE writes a picture of it.",
    "Type this key into your authenticator app:",
    "",
    "Issuer   example.com",
    "Account  alice",
    "Key      GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
    "",
  ]);
  assert.match(card("none")[0] ?? "", /^Type this key/);
});

test("parameters are told where an app has to be set to them", () => {
  const parameters = { algorithm: "sha256", digits: 8, period: 60 } as const;
  const lines = enrollmentCard({ ...CONTENT, parameters }, "none", UTF8, SCREEN);
  assert.equal(lines.at(-2), "Set to   SHA-256, 8 digits, every 60 s");
});

test("any card holds in its columns, shows the whole key, and obeys no control character", () => {
  const name = fc.string({ unit: "binary", maxLength: 60 });
  const size = fc.record({
    columns: fc.integer({ min: 44, max: 140 }),
    rows: fc.integer({ min: 10, max: 60 }),
  });
  const algorithm = fc.constantFrom("sha1", "sha256", "sha512");
  fc.assert(
    fc.property(name, name, size, algorithm, (issuer, account, { columns, rows }, algorithm) => {
      const secret = Buffer.alloc({ sha1: 20, sha256: 32, sha512: 64 }[algorithm], 5);
      const parameters = { algorithm, digits: 6, period: 30 } as const;
      const uri = keyUri({ issuer: "i", account: "a", secret, parameters });
      const content = { issuer, account, secret: encodeBase32(secret), uri, parameters };
      const lines = enrollmentCard(content, "auto", UTF8, { isTTY: true, columns, rows });
      const plain = lines.map(stripVTControlCharacters);
      for (const line of plain) assert.ok([...line].length <= columns);
      assert.doesNotMatch(plain.join(""), /[\u0000-\u001f\u007f-\u009f]/);
      const text = plain.join(" ").replace(/[█▀▄]/g, " ").replace(/\s+/g, " ");
      assert.ok(text.includes(groupsOfFour(content.secret)));
    }),
    { numRuns: 50 },
  );
});

test("the host's own words stand before the key, within the columns, and are cleaned", () => {
  const banner = `Read ${"x".repeat(60)} first\u001b[2J, or call 4711 for help with it.`;
  for (const columns of [80, 60, 44]) {
    const output = { ...SCREEN, columns };
    const lines = enrollmentCard({ ...CONTENT, banner }, "none", UTF8, output);
    assert.ok(lines.every((line) => [...line].length <= columns));
    const text = lines.join(" ");
    assert.match(text, /^Read .*x first\[2J, or call 4711 for help with it\.\s+Type this key/);
  }
  const beside = enrollmentCard({ ...CONTENT, banner: "House rules" }, "auto", UTF8, SCREEN);
  assert.equal(beside.length, 21);
  assert.match(beside.join("\n"), /House rules\n[^\n]*\n[^\n]*Scan this/);
});
