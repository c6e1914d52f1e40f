import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import type { Cell } from "../../src/core/cells.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { fault } from "../files/sandbox.ts";

const KEY = Buffer.alloc(32, 7);
const CELL: Cell = { table: "authenticators", column: "sealed_secret", row: ["id", "alice"] };

const bytes = fc.uint8Array({ maxLength: 200 });
const cell = fc.record({
  table: fc.string(),
  column: fc.string(),
  row: fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
});

test("what was sealed opens in its cell, and twice the same is never the same", () => {
  const sealer = createSealer(KEY);
  fc.assert(
    fc.property(bytes, cell, (plain, at) => {
      const sealed = sealer.seal(plain, at);
      assert.equal(sealed.length, plain.length + 29);
      assert.equal(sealed[0], 1);
      assert.deepEqual(new Uint8Array(sealer.open(sealed, at)), new Uint8Array(plain));
      assert.notDeepEqual(sealer.seal(plain, at), sealed);
    }),
  );
});

test("in no other cell does it open", () => {
  const sealer = createSealer(KEY);
  fc.assert(
    fc.property(bytes, cell, cell, (plain, at, other) => {
      fc.pre(JSON.stringify(at) !== JSON.stringify(other));
      assert.throws(() => sealer.open(sealer.seal(plain, at), other), fault("sealed-corrupt"));
    }),
  );
  // Parts that would run together if they were only strung up.
  const sealed = sealer.seal(Buffer.from("x"), { table: "ab", column: "c", row: ["d", "e"] });
  for (const other of [
    { table: "a", column: "bc", row: ["d", "e"] },
    { table: "ab", column: "c", row: ["de"] },
    { table: "ab", column: "c", row: ["d", "e", ""] },
    { table: "ab", column: "c", row: ['d","e'] },
  ]) {
    assert.throws(() => sealer.open(sealed, other), fault("sealed-corrupt"));
  }
});

test("one changed bit, one byte less or more, and it does not open", () => {
  const sealer = createSealer(KEY);
  const sealed = sealer.seal(Buffer.from("secret"), CELL);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Uint8Array.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => sealer.open(changed, CELL), fault("sealed-corrupt", /^[^']*open$/));
  }
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(() => sealer.open(sealed.subarray(0, length), CELL), fault("sealed-corrupt"));
  }
  assert.throws(() => sealer.open(Buffer.concat([sealed, sealed]), CELL), fault("sealed-corrupt"));
});

test("under another master key it does not open", () => {
  const sealed = createSealer(KEY).seal(Buffer.from("secret"), CELL);
  const other = createSealer(Buffer.alloc(32, 8));
  assert.throws(() => other.open(sealed, CELL), fault("sealed-corrupt"));
});

test("the audit key is HKDF's, and not the sealing key", () => {
  const extracted = createHmac("sha256", Buffer.alloc(32)).update(KEY).digest();
  const info = Buffer.concat([Buffer.from("countersign/1 audit chain"), Buffer.of(1)]);
  const expected = createHmac("sha256", extracted).update(info).digest();
  assert.deepEqual(Buffer.from(createSealer(KEY).auditKey), expected);
});

test("what an earlier release sealed opens for ever", () => {
  const sealed = Buffer.from(FROZEN, "hex");
  assert.equal(createSealer(KEY).open(sealed, CELL).toString(), "12345678901234567890");
});

test("closing zeroes the keys, and nothing is sealed under zeroes", () => {
  const sealer = createSealer(KEY);
  const { auditKey } = sealer;
  const sealed = sealer.seal(Buffer.from("x"), CELL);
  sealer.close();
  assert.ok(auditKey.every((byte) => byte === 0));
  assert.throws(() => sealer.seal(Buffer.from("x"), CELL), fault("internal"));
  assert.throws(() => sealer.open(sealed, CELL), fault("internal"));
  assert.throws(() => sealer.auditKey, fault("internal"));
});

test("a key of another length makes no sealer", () => {
  for (const length of [0, 16, 31, 33]) {
    assert.throws(() => createSealer(Buffer.alloc(length)), fault("key-invalid"));
  }
});

const FROZEN =
  "01c0effacc84722a9c914b6a25742a4ad3c1c8cf77e2f740eee3c06b21dfb3f551190781b98e4c124c527e2955283d7f59";
