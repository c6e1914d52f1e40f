/** The method `totp`: time-based one-time passwords, each time step spent once. */
import type { Attempt, CodeMethod, MethodParts } from "../contracts/method.ts";
import type { Authenticator } from "../contracts/store.ts";
import { secretCell } from "../core/cells.ts";
import { CLOCK_STEP } from "../core/throttle.ts";
import {
  DEFAULT_PARAMETERS,
  isTimeBased,
  type Match,
  matchTotp,
  type OtpParameters,
  SECRET_BYTES,
  timeStepAt,
} from "../core/totp.ts";
import type { Reason } from "../core/verdict.ts";

export const TOTP = "totp";

export const totp: CodeMethod = {
  name: TOTP,
  kind: "code",
  shapes: ["one-time-password"],

  async isEnrolled(tx, user) {
    return (await tx.authenticators.find(user, TOTP, "active")) !== undefined;
  },

  async judge(tx, attempt, parts) {
    const enrolled = (await tx.authenticators.all(attempt.user, TOTP)).filter(isTimeBased);
    if (enrolled.length === 0) {
      workAsForOne(attempt, parts);
      return { accepted: false, reason: "not-enrolled" };
    }
    let reason: Reason = "wrong-code";
    for (const authenticator of enrolled) {
      const match = matchOf(authenticator, attempt, parts);
      if (!match) continue;
      const { step, drift } = match;
      if (await tx.authenticators.spend(authenticator.id, step, drift, attempt.at)) {
        return { accepted: true };
      }
      reason = spentBefore(authenticator, match, attempt.at);
    }
    return { accepted: false, reason };
  },
};

type TimeBased = Authenticator & OtpParameters;

/** What is done for one with an authenticator, so that the time tells nothing. */
function workAsForOne({ code, at }: Attempt, { sealer, random, window }: MethodParts): void {
  const cell = secretCell({ id: "", user: "" });
  const secret = sealer.open(sealer.seal(random(SECRET_BYTES.sha1), cell), cell);
  matchTotp(secret, code, at, DEFAULT_PARAMETERS, window);
}

function matchOf(
  enrolled: TimeBased,
  { code, at }: Attempt,
  { sealer, window }: MethodParts,
): Match | undefined {
  const secret = sealer.open(enrolled.sealedSecret, secretCell(enrolled));
  const match = matchTotp(secret, code, deviceTime(enrolled, at), enrolled, window, enrolled.drift);
  secret.fill(0);
  return match;
}

/** What the device's clock shows, in milliseconds since the epoch. */
function deviceTime({ skew, period }: TimeBased, at: number): number {
  return at + skew * period * 1000;
}

/**
 * Where the last step spent lies well in the future, the clock was stepped back: this code
 * may be new, but none that old can be told from a replay, so it is refused all the same.
 */
function spentBefore(enrolled: TimeBased, match: Match, at: number): Reason {
  const { period, lastCounter } = enrolled;
  const ahead = (lastCounter - timeStepAt(deviceTime(enrolled, at), period)) * period * 1000;
  const farAhead = ahead > CLOCK_STEP * 3;
  return farAhead && match.step < lastCounter ? "clock-stepped-back" : "replayed";
}
