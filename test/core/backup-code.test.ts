/** Backup codes: every symbol is as likely as any other, and each is read as it is printed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readAnswer } from "../../src/core/answer.ts";
import {
  BACKUP_CODE_LENGTH,
  backupCodeFrom,
  foldCrockford,
  formatBackupCode,
  isCrockford,
} from "../../src/core/backup-code.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

test("each of the 256 values of a byte makes a symbol, and each symbol comes of eight", () => {
  const seen = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const code = backupCodeFrom(new Uint8Array(BACKUP_CODE_LENGTH).fill(byte));
    const symbol = code.charAt(0);
    assert.equal(code, symbol.repeat(BACKUP_CODE_LENGTH));
    seen.set(symbol, (seen.get(symbol) ?? 0) + 1);
  }
  assert.deepEqual([...seen.keys()].sort().join(""), ALPHABET);
  assert.ok([...seen.values()].every((count) => count === 8));
});

test("each byte makes its own character, and only ten bytes make a code", () => {
  const bytes = Uint8Array.from({ length: BACKUP_CODE_LENGTH }, (_, index) => index + 8);
  assert.equal(backupCodeFrom(bytes), "89ABCDEFGH");
  for (const length of [0, 9, 11]) {
    assert.throws(() => backupCodeFrom(new Uint8Array(length)), RangeError);
  }
});

test("a code is read back however it is typed", () => {
  const bytes = fc.uint8Array({ minLength: BACKUP_CODE_LENGTH, maxLength: BACKUP_CODE_LENGTH });
  fc.assert(
    fc.property(bytes, (random) => {
      const code = backupCodeFrom(random);
      const shown = formatBackupCode(code);
      assert.match(shown, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
      const misread = shown.replaceAll("0", "o").replaceAll("1", "l");
      for (const typed of [code, shown, shown.toLowerCase(), misread, ` ${shown} `]) {
        assert.deepEqual(readAnswer(typed), { shape: "backup-code", code });
      }
    }),
  );
});

test("I and L are 1, O is 0, and U is nothing", () => {
  assert.equal(foldCrockford("OIL01"), "01101");
  assert.ok(isCrockford("OIL"));
  for (const text of ["U", "", "a", "-", " ", "Ä", "1\n"]) assert.ok(!isCrockford(text));
});
