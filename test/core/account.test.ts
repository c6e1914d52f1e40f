/** Which names are accounts, and which spellings share one counter of attempts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ACCOUNT_MAX_BYTES, isAccount, throttleKey } from "../../src/core/account.ts";
import { isPrintable } from "../../src/core/printable.ts";

test("the names of this world are accounts", () => {
  const longest = "a".repeat(ACCOUNT_MAX_BYTES);
  const names = ["alice", "alice.smith", "a", "_apt", "svc-backup", "HOST$", "user@realm", "Ünal"];
  for (const name of [...names, "DOMAIN\\alice", "alice smith", "0day", "用户", longest]) {
    assert.ok(isAccount(name), name);
  }
});

const ODD: Readonly<Record<string, string>> = {
  nothing: "",
  "a line break": "alice\nroot",
  CRLF: "alice\r\nroot",
  NUL: "alice\0",
  escape: "alice\u001b[2J",
  delete: "alice\u007f",
  "C1 control": "alice\u009b2J",
  "right-to-left override": "alice\u202eecila",
  "Arabic letter mark": "alice\u061c",
  isolate: "\u2066alice\u2069",
  "zero-width space": "al\u200bice",
  "byte order mark": "\ufeffalice",
  "bytes that are not UTF-8": "alice\ufffd",
  "lone surrogate": "alice\ud800",
  "an option": "-x",
  "a long option": "--json",
  "a path": "../root",
  slash: "a/b",
  "this directory": ".",
  "the directory above": "..",
  "a passwd field": "alice:x:0",
  "space before": " alice",
  "space behind": "alice ",
  "no-break space behind": "alice\u00a0",
  tab: "alice\tsmith",
  "only spaces": "   ",
  "one byte too many": "a".repeat(ACCOUNT_MAX_BYTES + 1),
  "few characters, many bytes": "€".repeat(86),
  "a megabyte": "a".repeat(1_048_576),
};

for (const [what, name] of Object.entries(ODD)) {
  test(`no account: ${what}`, () => assert.ok(!isAccount(name)));
}

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));

test("whatever is an account can be shown, stored and passed on as it is", () => {
  fc.assert(
    fc.property(anyText, (name) => {
      fc.pre(isAccount(name));
      assert.ok(isPrintable(name));
      assert.equal(Buffer.from(name).toString(), name);
      assert.doesNotMatch(name, /^-|[/:]|^\s|\s$/u);
    }),
    { numRuns: 2_000 },
  );
});

// Authelia, CVE-2025-24806: each spelling had a counter of its own.
test("case, white space and zero-width marks share one counter", () => {
  fc.assert(
    fc.property(anyText, (name) => {
      const key = throttleKey(name);
      const spaced = [...name].join(" ");
      for (const spelling of [
        name.toUpperCase(),
        name.toLowerCase(),
        ` ${name}\t`,
        `\u200b${name}\ufeff`,
        spaced,
        name.normalize("NFC"),
        name.normalize("NFD"),
        name.normalize("NFKC"),
        key,
      ]) {
        assert.equal(throttleKey(spelling), key, JSON.stringify(spelling));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("spellings that a directory takes for one account share one counter", () => {
  const same: readonly (readonly string[])[] = [
    ["alice", "Alice", "ALICE", "ali ce", "alice ", "ａｌｉｃｅ", "al\u200bice", "al\u200dice"],
    ["στέφανος", "ΣΤΈΦΑΝΟΣ", "στέφανοσ"],
    ["strasse", "STRASSE", "straße", "STRAẞE"],
    ["kelvin", "\u212aelvin", "KELVIN"],
    ["é", "e\u0301", "É"],
    ["ﬁnn", "finn", "FINN"],
  ];
  for (const spellings of same) {
    assert.equal(new Set(spellings.map(throttleKey)).size, 1, spellings.join(", "));
  }
});

test("different names have different counters", () => {
  const names = ["alice", "alicia", "bob", "a.b", "ab", "a-b", "root", "admin", "用户", "用戶"];
  assert.equal(new Set(names.map(throttleKey)).size, names.length);
});

test("a name made up to be long makes no long key", () => {
  assert.ok(throttleKey("x".repeat(1_000_000)).length <= 4 * ACCOUNT_MAX_BYTES);
  assert.ok(throttleKey("\ufdfa".repeat(80)).length <= 4 * ACCOUNT_MAX_BYTES);
});
