/** Base32 as RFC 4648 has it, without padding, and as people type it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBase32, encodeBase32, groupsOfFour } from "../../src/core/base32.ts";
import { BASE32_VECTORS } from "../vectors/rfc.ts";

for (const [text, padded] of BASE32_VECTORS) {
  test(`RFC 4648 section 10: "${text}"`, () => {
    const encoded = padded.replaceAll("=", "");
    assert.equal(encodeBase32(Buffer.from(text)), encoded);
    assert.equal(Buffer.from(decodeBase32(encoded)).toString(), text);
  });
}

test("what was encoded is decoded, in groups, in lower case and with dashes too", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const text = encodeBase32(bytes);
      assert.match(text, /^[A-Z2-7]+$/);
      const grouped = groupsOfFour(text);
      assert.equal(grouped.replaceAll(" ", ""), text);
      assert.ok(grouped.split(" ").every((group) => group.length >= 1 && group.length <= 4));
      for (const typed of [text, grouped, grouped.toLowerCase(), grouped.replaceAll(" ", "-")]) {
        assert.deepEqual([...decodeBase32(typed)], [...bytes]);
      }
    }),
  );
});

test("what is no base32 is refused", () => {
  for (const text of ["0", "1", "8", "9", "MZXW6YT!", "MZXW6YÜB", "A", "ABC", "ABCDEF"]) {
    assert.throws(() => decodeBase32(text), text);
  }
});
