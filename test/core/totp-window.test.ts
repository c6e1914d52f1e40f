/** The window around this host's clock: what is found in it, what drift it teaches, and nothing beyond. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  CLOCK_SEARCH,
  clockOffset,
  codeAt,
  DEFAULT_PARAMETERS,
  DEFAULT_WINDOW,
  matchTotp,
  timeStepAt,
} from "../../src/core/totp.ts";
import { TOTP_SECRETS } from "../vectors/rfc.ts";

const SECRET = TOTP_SECRETS.sha1;
/** A step whose neighbours, twenty to either side, have codes unlike one another: asserted below. */
const CURRENT = 60_000_000;
const NOW = CURRENT * 30_000 + 12_345;

function codeOf(step: number): string {
  return codeAt(SECRET, step, DEFAULT_PARAMETERS);
}

function matchAt(offset: number, drift: number, now = NOW) {
  return matchTotp(SECRET, codeOf(CURRENT + offset), now, DEFAULT_PARAMETERS, undefined, drift);
}

test("the steps tried here have codes unlike one another", () => {
  const codes = Array.from({ length: 41 }, (_, index) => codeOf(CURRENT - 20 + index));
  assert.equal(new Set(codes).size, codes.length);
});

test("without drift, one step to either side is found and no other", () => {
  for (let offset = -10; offset <= 10; offset++) {
    const expected = Math.abs(offset) <= 1 ? { step: CURRENT + offset, drift: offset } : undefined;
    assert.deepEqual(matchAt(offset, 0), expected, `offset ${offset}`);
  }
});

test("around a learned drift the window is as wide, and reaches back to the host's own time", () => {
  for (const drift of [-2, -1, 0, 1, 2]) {
    for (let offset = -10; offset <= 10; offset++) {
      const inside = Math.abs(offset - drift) <= 1 || offset === 0;
      const learned = Math.max(-2, Math.min(2, offset));
      const expected = inside ? { step: CURRENT + offset, drift: learned } : undefined;
      assert.deepEqual(matchAt(offset, drift), expected, `offset ${offset}, drift ${drift}`);
    }
  }
});

test("however a clock wanders, no code farther than three steps is ever found", () => {
  const offsets = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 40 });
  fc.assert(
    fc.property(offsets, (wandering) => {
      let drift = 0;
      for (const offset of wandering) {
        const match = matchAt(offset, drift);
        if (!match) continue;
        assert.ok(Math.abs(match.step - CURRENT) <= DEFAULT_WINDOW.maxDrift + 1);
        assert.ok(Math.abs(match.drift) <= DEFAULT_WINDOW.maxDrift);
        drift = match.drift;
      }
    }),
  );
});

test("a drift that was learned is unlearned step by step", () => {
  assert.equal(matchAt(1, 2)?.drift, 1);
  assert.equal(matchAt(0, 1)?.drift, 0);
  assert.equal(matchAt(-1, 0)?.drift, -1);
});

test("a window of no steps takes the current code alone, and learns nothing", () => {
  const window = { steps: 0, maxDrift: 0 };
  const at = (offset: number) =>
    matchTotp(SECRET, codeOf(CURRENT + offset), NOW, DEFAULT_PARAMETERS, window);
  assert.deepEqual([at(-1), at(1)], [undefined, undefined]);
  assert.deepEqual(at(0), { step: CURRENT, drift: 0 });
});

test("of two steps with the same code the later is spent", () => {
  // A wide window, so that a collision is found soon.
  const window = { steps: 10, maxDrift: 2 };
  const [early, late] = twoStepsWithOneCode(20);
  const now = ((early + late) >> 1) * 30_000;
  const code = codeOf(early);
  assert.ok(code === codeOf(late));
  assert.equal(matchTotp(SECRET, code, now, DEFAULT_PARAMETERS, window)?.step, late);
});

function twoStepsWithOneCode(within: number): [number, number] {
  const last = new Map<string, number>();
  for (let step = 0; step < 1_000_000; step++) {
    const code = codeOf(step);
    const before = last.get(code);
    if (before !== undefined && step - before < within) return [before, step];
    last.set(code, step);
  }
  throw new Error("no two steps share a code");
}

test("at the beginning of time there is no step before the first", () => {
  const match = matchTotp(SECRET, codeOf(0), 0, DEFAULT_PARAMETERS);
  assert.deepEqual(match, { step: 0, drift: 0 });
  assert.deepEqual(matchTotp(SECRET, codeOf(1), 29_999, DEFAULT_PARAMETERS)?.step, 1);
  assert.equal(matchTotp(SECRET, codeOf(2), 29_999, DEFAULT_PARAMETERS), undefined);
});

test("nothing but the whole code matches", () => {
  const code = codeOf(CURRENT);
  const others = ["", code.slice(1), `${code}0`, `0${code}`, ` ${code}`, code.slice(0, 5)];
  for (const other of others) {
    assert.ok(!matchTotp(SECRET, other, NOW, DEFAULT_PARAMETERS), `length ${other.length}`);
  }
  const fullWidth = String.fromCodePoint(...[...code].map((digit) => 0xff10 + Number(digit)));
  assert.ok(!matchTotp(SECRET, fullWidth, NOW, DEFAULT_PARAMETERS), "full-width digits");
});

test("a clock that is off by up to an hour is found, and its code is not accepted", () => {
  for (const offset of [-120, -119, -60, -4, 4, 60, 119, 120]) {
    const code = codeOf(CURRENT + offset);
    assert.equal(clockOffset(SECRET, code, NOW, DEFAULT_PARAMETERS), offset * 30);
    assert.equal(matchTotp(SECRET, code, NOW, DEFAULT_PARAMETERS), undefined);
  }
  for (const offset of [-121, 121, 1000]) {
    const code = codeOf(CURRENT + offset);
    assert.equal(clockOffset(SECRET, code, NOW, DEFAULT_PARAMETERS), undefined);
  }
  assert.equal(CLOCK_SEARCH, 3600);
  assert.equal(timeStepAt(NOW, 30), CURRENT);
});
