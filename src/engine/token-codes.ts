/** What the codes of a token say: where its counter stands, or its clock. */
import { readAnswer } from "../core/answer.ts";
import { isCounterBased, matchConsecutive, matchHotp } from "../core/hotp.ts";
import {
  CLOCK_SEARCH,
  isTimeBased,
  type KeptParameters,
  matchTotp,
  timeStepAt,
} from "../core/totp.ts";
import type { EngineParts } from "./parts.ts";

/** A token, or what was enrolled of one. */
export interface Counting extends KeptParameters {
  readonly lastCounter: number;
  readonly skew: number;
}

/** What its codes spend, and what is to be kept of its clock; both in time steps. */
export interface Place {
  readonly counter: number;
  readonly drift: number;
  readonly skew: number;
}

/** Time steps searched to either side, of however short a period. */
const LONGEST_SEARCH = 120;

/** A one-time password as typed; undefined for anything else. */
export function readCode(typed: string): string | undefined {
  const answer = readAnswer(typed);
  return answer.shape === "one-time-password" ? answer.code : undefined;
}

/** By one code within the window of a login, that was not used. */
export function placeByOne(
  { window, lookAhead }: EngineParts,
  secret: Uint8Array,
  token: Counting,
  code: string,
  at: number,
): Place | undefined {
  const { lastCounter, skew } = token;
  if (isCounterBased(token)) {
    const match = matchHotp(secret, code, token, lastCounter, lookAhead.window);
    return match && !match.isSpent ? { counter: match.counter, drift: 0, skew } : undefined;
  }
  if (!isTimeBased(token)) return undefined;
  const match = matchTotp(secret, code, at + skew * token.period * 1000, token, window);
  return match && match.step > lastCounter
    ? { counter: match.step, drift: match.drift, skew }
    : undefined;
}

/** By two codes in a row, neither used, as far ahead as is searched; of a clock, an hour to either side. */
export function placeByTwo(
  { lookAhead }: EngineParts,
  secret: Uint8Array,
  token: Counting,
  codes: readonly [string, string],
  at: number,
): Place | undefined {
  const { lastCounter, skew } = token;
  if (isCounterBased(token)) {
    const counter = matchConsecutive(secret, codes, token, lastCounter, lookAhead.resync);
    return counter === undefined ? undefined : { counter, drift: 0, skew };
  }
  if (!isTimeBased(token)) return undefined;
  const current = timeStepAt(at, token.period);
  const reach = Math.min(LONGEST_SEARCH, Math.ceil(CLOCK_SEARCH / token.period));
  const after = Math.max(lastCounter, current - reach - 1);
  const step = matchConsecutive(secret, codes, token, after, current + reach - after);
  return step === undefined ? undefined : { counter: step, drift: 0, skew: step - current };
}
