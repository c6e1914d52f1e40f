/** Counter-based one-time passwords: RFC 4226, computed by otplib. */
import { type CodeParameters, codeAt, equalCodes, type KeptParameters } from "./totp.ts";

/** The method's name. */
export const HOTP = "hotp";

/** How far a code may lie ahead of the last one that was used, in presses of the token's button. */
export interface LookAhead {
  /** The look-ahead window s of RFC 4226 7.4: a login takes so many of the next codes. */
  readonly window: number;
  /** How far two consecutive codes are looked for when the token is resynchronized. */
  readonly resync: number;
}

/**
 * A guess is right once in 100,000 with ten codes of six digits, as often as it is delayed and
 * counted; two codes in a row, anywhere among a hundred, once in 10,000,000,000.
 */
export const DEFAULT_LOOK_AHEAD: LookAhead = { window: 10, resync: 100 };

/** The last counter there is here: RFC 4226 has eight bytes for it, and no token lives so long. */
export const LAST_COUNTER = Number.MAX_SAFE_INTEGER;

/** Where a code was found: ahead of the last counter that was used, or among those before it. */
export interface HotpMatch {
  readonly counter: number;
  readonly isSpent: boolean;
}

/**
 * Finds the counter whose code was typed: among the `window` ahead of `last`, the last one that
 * was used (-1 before the first), and among as many that are spent, to tell a replay from a guess.
 *
 * All are computed and compared in constant time, so that the duration does not tell where a
 * code lies. A code that one of the spent ones has as well counts as spent: by chance, once in
 * 100,000 presses, a later counter has it too, and who saw it then must not use it now.
 */
export function matchHotp(
  secret: Uint8Array,
  code: string,
  parameters: CodeParameters,
  last: number,
  window: number = DEFAULT_LOOK_AHEAD.window,
): HotpMatch | undefined {
  let ahead: number | undefined;
  let spent: number | undefined;
  for (let offset = 1 - window; offset <= window; offset++) {
    const counter = last + offset;
    if (!isCode(code, codeOf(secret, counter, parameters))) continue;
    if (offset > 0) ahead ??= counter;
    else spent = counter;
  }
  if (spent !== undefined) return { counter: spent, isSpent: true };
  return ahead === undefined ? undefined : { counter: ahead, isSpent: false };
}

/**
 * Resynchronization (RFC 4226 7.4): finds two consecutive codes among the `reach` ahead of `last`,
 * both unused. Every one is computed and compared, as for a login.
 * @returns the counter of the second
 */
export function matchConsecutive(
  secret: Uint8Array,
  [first, second]: readonly [string, string],
  parameters: CodeParameters,
  last: number,
  reach: number = DEFAULT_LOOK_AHEAD.resync,
): number | undefined {
  let found: number | undefined;
  let isAfterFirst = false;
  for (let offset = 1; offset <= reach; offset++) {
    const code = codeOf(secret, last + offset, parameters);
    const [isFirst, isSecond] = [isCode(first, code), isCode(second, code)];
    if (isAfterFirst && isSecond) found ??= last + offset;
    isAfterFirst = isFirst;
  }
  return found;
}

interface Computed {
  readonly code: string;
  /** False for a counter that there is not: it takes as long, and nothing fits it. */
  readonly exists: boolean;
}

function codeOf(secret: Uint8Array, counter: number, parameters: CodeParameters): Computed {
  const exists = counter >= 0 && counter <= LAST_COUNTER;
  return { code: codeAt(secret, exists ? counter : 0, parameters), exists };
}

function isCode(typed: string, { code, exists }: Computed): boolean {
  return equalCodes(code, typed) && exists;
}

/** True for one whose codes go by a counter. */
export function isCounterBased<T extends KeptParameters>(kept: T): kept is T & CodeParameters {
  const { algorithm, digits, period } = kept;
  return algorithm !== undefined && digits !== undefined && period === undefined;
}
