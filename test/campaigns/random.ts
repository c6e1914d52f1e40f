/** Random numbers from a seed: what a campaign found can be played again. */

export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T | undefined;
  bytes(length: number): Buffer;
  /** A string of characters out of `alphabet`, at most `longest` long. */
  text(alphabet: readonly string[], longest: number): string;
}

/** mulberry32: small, and good enough to spread tries. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick: (from) => from[below(from.length)],
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
    text: (alphabet, longest) =>
      Array.from({ length: below(longest + 1) }, () => alphabet[below(alphabet.length)]).join(""),
  };
}
