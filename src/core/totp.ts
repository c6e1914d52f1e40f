/** Time-based one-time passwords: RFC 6238 over HOTP (RFC 4226), computed by otplib. */
import { timingSafeEqual } from "node:crypto";
import { createGuardrails } from "@otplib/core";
import { generateSync } from "@otplib/hotp";
import { NodeCryptoPlugin } from "@otplib/plugin-crypto-node";

export const ALGORITHMS = ["sha1", "sha256", "sha512"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export const DIGITS = [6, 7, 8] as const;
export type Digits = (typeof DIGITS)[number];

/** What a code is computed by (RFC 4226 5.3), of a counter or of a time step. */
export interface CodeParameters {
  readonly algorithm: Algorithm;
  readonly digits: Digits;
}

export interface OtpParameters extends CodeParameters {
  /** The time step X of RFC 6238 4.1, in whole seconds. What is enrolled here has 30 or 60. */
  readonly period: number;
}

/** Of a code that is counted, `period` is undefined; of what has no codes such as these, all are. */
export interface KeptParameters {
  readonly algorithm: Algorithm | undefined;
  readonly digits: Digits | undefined;
  /** In seconds. */
  readonly period: number | undefined;
}

/** True for one whose codes go by time steps. */
export function isTimeBased<T extends KeptParameters>(kept: T): kept is T & OtpParameters {
  const { algorithm, digits, period } = kept;
  return algorithm !== undefined && digits !== undefined && period !== undefined;
}

/** What every authenticator app reads. */
export const DEFAULT_PARAMETERS: OtpParameters = { algorithm: "sha1", digits: 6, period: 30 };

/** Bytes of secret: the HMAC's output length, as RFC 4226 section 4 R6 and RFC 6238 5.1 recommend. */
export const SECRET_BYTES: Readonly<Record<Algorithm, number>> = {
  sha1: 20,
  sha256: 32,
  sha512: 64,
};

/**
 * Bytes of a secret that codes are computed of. RFC 4226 section 4 R6 requires 16; what other
 * systems handed out until 2016 has 10. HMAC makes a longer key than 128 shorter.
 */
export const SECRET_BOUNDS = { shortest: 10, longest: 128 } as const;

/** How far a matched code may lie from this host's clock, in time steps. */
export interface Window {
  /** Steps accepted to either side of the learned drift. */
  readonly steps: number;
  /** Largest drift that is learned, in steps. */
  readonly maxDrift: number;
}

export const DEFAULT_WINDOW: Window = { steps: 1, maxDrift: 2 };

const crypto = new NodeCryptoPlugin();
const guardrails = createGuardrails({
  MIN_SECRET_BYTES: SECRET_BOUNDS.shortest,
  MAX_SECRET_BYTES: SECRET_BOUNDS.longest,
});

/** The time step at `now` (milliseconds since the epoch), with T0 = 0. */
export function timeStepAt(now: number, period: number): number {
  return Math.floor(now / 1000 / period);
}

/** The code of one counter value or time step (RFC 4226 5.3). */
export function codeAt(secret: Uint8Array, step: number, parameters: CodeParameters): string {
  const { algorithm, digits } = parameters;
  return generateSync({ secret, counter: step, algorithm, digits, crypto, guardrails });
}

/** A code that fits: its time step, and the drift to remember, in steps. */
export interface Match {
  readonly step: number;
  readonly drift: number;
}

/**
 * Finds the time step whose code was typed, within `window` around the learned `drift`.
 *
 * Every step of the window is computed and compared in constant time, so that the duration
 * does not tell where in the window a code lies. A step that was used before is found too:
 * whether it may still be spent is for the store to say.
 */
export function matchTotp(
  secret: Uint8Array,
  code: string,
  now: number,
  parameters: OtpParameters,
  window: Window = DEFAULT_WINDOW,
  drift = 0,
): Match | undefined {
  const current = timeStepAt(now, parameters.period);
  let match: Match | undefined;
  // The current step is always among them: a phone whose clock was set right is let in again.
  const [from, to] = [Math.min(drift - window.steps, 0), Math.max(drift + window.steps, 0)];
  for (let step = Math.max(0, current + from); step <= current + to; step++) {
    // The later step wins a collision: it leaves fewer codes open to replay.
    if (equalCodes(codeAt(secret, step, parameters), code)) {
      match = { step, drift: clamp(step - current, window.maxDrift) };
    }
  }
  return match;
}

/** Seconds searched to either side for a clock that is off. */
export const CLOCK_SEARCH = 3_600;

/**
 * By how many seconds the phone's clock is ahead of this host's (negative: behind), when
 * that is why a code does not fit. "The code is invalid" is usually the clock. With two
 * hundred codes looked at, a wrong guess finds one by chance once in thousands, so this
 * is for diagnosis at enrollment, and never for acceptance.
 */
export function clockOffset(
  secret: Uint8Array,
  code: string,
  now: number,
  parameters: OtpParameters,
): number | undefined {
  const current = timeStepAt(now, parameters.period);
  const reach = Math.ceil(CLOCK_SEARCH / parameters.period);
  for (let distance = 1; distance <= reach; distance++) {
    for (const offset of [distance, -distance]) {
      const step = current + offset;
      if (step >= 0 && equalCodes(codeAt(secret, step, parameters), code)) {
        return offset * parameters.period;
      }
    }
  }
  return undefined;
}

/** In a time that does not depend on where they differ. */
export function equalCodes(expected: string, typed: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(typed);
  return a.length === b.length && timingSafeEqual(a, b);
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
