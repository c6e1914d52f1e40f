import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printable } from "../../src/core/printable.ts";
import { csvRow } from "../../src/terminal/csv.ts";

test("plain cells stay plain, and what a reader would take apart is quoted", () => {
  assert.equal(csvRow(["a", 3, ""]), "a,3,\r\n");
  assert.equal(csvRow(['say "no"', "a,b", "a b"]), '"say ""no""","a,b","a b"\r\n');
});

test("nothing begins a formula, and nothing moves a cursor", () => {
  for (const evil of [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "\u200b=1",
  ]) {
    assert.match(csvRow([evil]), /^"?'/, JSON.stringify(evil));
  }
  assert.equal(csvRow(["a\u001b[2J\nb"]), "a[2Jb\r\n");
});

test("any cells come back as they were, but for what was made harmless", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 12 });
  const harmless = (text: string): string => text.replace(/^'(?=\s*[=+\-@])/, "");
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 4 }), (cells) => {
      const row = csvRow(cells);
      assert.ok(row.endsWith("\r\n"));
      const read = `,${row.slice(0, -2)}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g);
      const values = [...read].map(
        ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
      );
      const given = cells.map((text) => printable(text));
      assert.deepEqual(values.map(harmless), given.map(harmless));
      for (const value of values) assert.doesNotMatch(value, /^\s*[=+\-@]/);
    }),
  );
});
