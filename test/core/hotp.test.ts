/** Codes that count: which are found ahead of the last one, which are spent, and two in a row. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodeBase32 } from "../../src/core/base32.ts";
import {
  DEFAULT_LOOK_AHEAD,
  LAST_COUNTER,
  matchConsecutive,
  matchHotp,
} from "../../src/core/hotp.ts";
import { type CodeParameters, codeAt } from "../../src/core/totp.ts";
import { oathtoolCounters } from "../support/clock.ts";
import { needs } from "../support/parts.ts";
import { HOTP_SECRET, HOTP_VECTORS } from "../vectors/rfc.ts";

const SIX: CodeParameters = { algorithm: "sha1", digits: 6 };
const codeOf = (counter: number): string => codeAt(HOTP_SECRET, counter, SIX);
const matchAt = (counter: number, last: number, window?: number) =>
  matchHotp(HOTP_SECRET, codeOf(counter), SIX, last, window);
const pairAt = (first: number, second: number, last: number, reach?: number) =>
  matchConsecutive(HOTP_SECRET, [codeOf(first), codeOf(second)], SIX, last, reach);

test("the counters tried here have codes unlike one another", () => {
  const codes = Array.from({ length: 300 }, (_, counter) => codeOf(counter));
  assert.equal(new Set(codes).size, codes.length);
});

describe("RFC 4226 appendix D, by a token that is new", () => {
  for (const [count, , , , code] of HOTP_VECTORS) {
    test(`count ${count}`, () => {
      const match = matchHotp(HOTP_SECRET, code, SIX, -1);
      assert.deepEqual(match, { counter: count, isSpent: false });
    });
  }
});

test("ten codes ahead are found, as many behind are told for spent, and no other is found", () => {
  for (let offset = -30; offset <= 30; offset++) {
    const counter = 100 + offset;
    const isNear = offset > -10 && offset <= 10;
    const expected = isNear ? { counter, isSpent: offset <= 0 } : undefined;
    assert.deepEqual(matchAt(counter, 100), expected, `offset ${offset}`);
  }
});

test("a window of one takes the next code alone", () => {
  const found = [99, 100, 101, 102].map((counter) => matchAt(counter, 100, 1)?.isSpent);
  assert.deepEqual(found, [undefined, true, false, undefined]);
});

test("whatever is pressed and typed, an accepted counter only grows, by the window at most", () => {
  const presses = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
  fc.assert(
    fc.property(presses, (counters) => {
      let last = -1;
      for (const counter of counters) {
        const match = matchAt(counter, last);
        if (!match || match.isSpent) continue;
        assert.ok(match.counter > last && match.counter <= last + DEFAULT_LOOK_AHEAD.window);
        last = match.counter;
      }
    }),
  );
});

test("of two counters with one code the nearer is meant; the code is spent with it for both", () => {
  const [early, late] = twoCountersWithOneCode(10);
  assert.ok(codeOf(early) === codeOf(late));
  assert.deepEqual(matchAt(early, early - 1), { counter: early, isSpent: false });
  assert.deepEqual(matchAt(late, early), { counter: early, isSpent: true });
  assert.deepEqual(matchAt(late, late - 1)?.isSpent, true, "seen once, it may be known");
});

function twoCountersWithOneCode(within: number): [number, number] {
  const last = new Map<string, number>();
  for (let counter = 0; counter < 1_000_000; counter++) {
    const code = codeOf(counter);
    const before = last.get(code);
    if (before !== undefined && counter - before < within) return [before, counter];
    last.set(code, counter);
  }
  throw new Error("no two counters share a code");
}

test("nothing but the whole code matches", () => {
  const code = codeOf(0);
  for (const other of ["", code.slice(1), `${code}0`, `0${code}`, ` ${code}`]) {
    assert.equal(matchHotp(HOTP_SECRET, other, SIX, -1), undefined, `length ${other.length}`);
  }
});

test("two consecutive codes are found as far as is searched, and not a counter farther", () => {
  assert.equal(pairAt(101, 102, 100), 102, "the next two");
  assert.equal(pairAt(199, 200, 100), 200, "the last two of a hundred");
  assert.equal(pairAt(200, 201, 100), undefined);
  assert.equal(pairAt(104, 105, 100, 5), 105);
  assert.equal(pairAt(105, 106, 100, 5), undefined);
});

test("two codes that are not consecutive, reversed or the same are not found", () => {
  for (const [first, second] of [
    [110, 112],
    [111, 110],
    [110, 110],
    [110, 500],
    [500, 110],
  ] as const) {
    assert.equal(pairAt(first, second, 100), undefined, `${first} and ${second}`);
  }
});

test("a spent code is none of the two: nobody goes back", () => {
  for (const first of [0, 50, 98, 99, 100]) {
    assert.equal(pairAt(first, first + 1, 100), undefined, `${first} and the next`);
  }
  assert.equal(pairAt(0, 1, -1), 1, "a new token's first two");
});

test("counters end at the largest whole number: none is found beyond, and nothing overflows", () => {
  const parts = (counter: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(counter));
    const hmac = createHmac("sha1", HOTP_SECRET).update(bytes).digest();
    return (hmac.readUInt32BE((hmac[19] ?? 0) & 15) & 0x7fff_ffff) % 1_000_000;
  };
  for (const counter of [2 ** 32, 2 ** 40 + 1, LAST_COUNTER]) {
    const code = `${parts(counter)}`.padStart(6, "0");
    assert.equal(matchHotp(HOTP_SECRET, code, SIX, counter - 1)?.counter, counter);
    assert.equal(matchHotp(HOTP_SECRET, code, SIX, counter)?.isSpent, true);
  }
  const [first, second] = [codeOf(LAST_COUNTER - 1), codeOf(LAST_COUNTER)];
  const pair = (last: number) => matchConsecutive(HOTP_SECRET, [first, second], SIX, last);
  assert.equal(pair(LAST_COUNTER - 2), LAST_COUNTER);
  assert.equal(pair(LAST_COUNTER), undefined);
  assert.equal(matchHotp(HOTP_SECRET, codeOf(0), SIX, LAST_COUNTER), undefined);
});

test("oathtool's tokens are understood", needs("oathtool"), async () => {
  for (const digits of [6, 8] as const) {
    const secret = randomBytes(20);
    const start = randomBytes(4).readUInt32BE();
    const codes = await oathtoolCounters(encodeBase32(secret), start, 11, digits);
    const form = { algorithm: "sha1", digits } as const;
    const found = codes.map((code) => matchHotp(secret, code, form, start - 1)?.counter);
    const expected = codes.map((_, index) => (index < 10 ? start + index : undefined));
    assert.deepEqual(found, expected);
  }
});
