import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPrintable } from "../../src/core/printable.ts";
import { table } from "../../src/terminal/table.ts";

test("columns stand below their headings", () => {
  const rows = [
    ["alice", "active", "totp"],
    ["bob", "none", ""],
  ];
  assert.deepEqual(table(["USER", "STATUS", "METHOD"], rows), [
    "USER   STATUS  METHOD",
    "alice  active  totp",
    "bob    none",
  ]);
});

test("the widest column gives way, and shows that it was cut", () => {
  const rows = [["alice", "a".repeat(100)]];
  const [, line] = table(["USER", "NOTE"], rows);
  assert.equal(line, `alice  ${"a".repeat(72)}…`);
  const [, ascii] = table(["USER", "NOTE"], rows, { columns: 20, ellipsis: "..." });
  assert.equal(ascii, `alice  ${"a".repeat(10)}...`);
  const [, whole] = table(["USER", "NOTE"], rows, { columns: Number.POSITIVE_INFINITY });
  assert.equal(whole, `alice  ${"a".repeat(100)}`);
});

test("any cells: the columns hold, and no control character passes", () => {
  const cell = fc.string({ unit: "binary", maxLength: 120 });
  const rows = fc.array(fc.array(cell, { maxLength: 6 }), { maxLength: 8 });
  fc.assert(
    fc.property(rows, (cells) => {
      for (const line of table(["A", "B", "C", "D", "E"], cells)) {
        assert.ok([...line].length <= 80);
        assert.ok(isPrintable(line));
      }
    }),
  );
});
