/** Nothing that a terminal obeys, or that forges a line of a log, gets through. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPrintable, printable } from "../../src/core/printable.ts";

const binary = fc.string({ unit: "binary", maxLength: 300 });

test("no control, bidirectional or zero-width character is left of any text", () => {
  // Unicode's own words for them, so that the list is not compared with itself.
  const forbidden = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\u200b-\u200d\u2060\ufeff]/u;
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point);
    if (!forbidden.test(character)) continue;
    assert.equal(printable(`a${character}b`), "ab", `U+${point.toString(16)}`);
    assert.ok(!isPrintable(character));
  }
});

test("what remains is printable, and is left alone the second time", () => {
  fc.assert(
    fc.property(binary, (text) => {
      const once = printable(text);
      assert.ok(isPrintable(once));
      assert.equal(printable(once), once);
      assert.equal(isPrintable(text), printable(text, Number.POSITIVE_INFINITY) === text);
    }),
  );
});

test("people's own letters stay", () => {
  for (const text of [
    "alice",
    "Ünal Örs",
    "用户",
    "עברית",
    "🧑",
    "e\u0301",
    "~!@#$%^&*()",
    " a b ",
  ]) {
    assert.equal(printable(text), text);
  }
});

test("the limit counts characters, and cuts none in two", () => {
  assert.equal(printable("x".repeat(300)).length, 256);
  assert.equal(printable("🧑🧑🧑", 2), "🧑🧑");
  assert.equal(printable("\u0000\u0000abc", 2), "ab");
  assert.equal(printable("abc", 0), "");
});

test("an escape sequence is no more than its harmless letters", () => {
  assert.equal(printable("\u001b[31mred\u001b[0m"), "[31mred[0m");
  assert.equal(printable("\u001b]0;title\u0007"), "]0;title");
  assert.equal(printable("one\r\ntwo"), "onetwo");
});
