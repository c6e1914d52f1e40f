/** The method `totp`: time-based one-time passwords, each time step spent once. */
import type { CodeMethod } from "../contracts/method.ts";
import type { Authenticator } from "../contracts/store.ts";
import { secretCell } from "../core/cells.ts";
import { CLOCK_STEP } from "../core/throttle.ts";
import {
  DEFAULT_PARAMETERS,
  type Match,
  matchTotp,
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

  async judge(tx, { user, code, at }, { sealer, random, window }) {
    const enrolled = await tx.authenticators.find(user, TOTP, "active");
    if (!enrolled) {
      // The same work for a user with no authenticator, so that the time tells nothing.
      const cell = secretCell({ id: "", user });
      const secret = sealer.open(sealer.seal(random(SECRET_BYTES.sha1), cell), cell);
      matchTotp(secret, code, at, DEFAULT_PARAMETERS, window);
      return { accepted: false, reason: "not-enrolled" };
    }
    const secret = sealer.open(enrolled.sealedSecret, secretCell(enrolled));
    const match = matchTotp(secret, code, at, enrolled, window, enrolled.drift);
    secret.fill(0);
    if (!match) return { accepted: false, reason: "wrong-code" };
    const spent = await tx.authenticators.spendTimeStep(enrolled.id, match.step, match.drift, at);
    return spent
      ? { accepted: true }
      : { accepted: false, reason: spentBefore(enrolled, match, at) };
  },
};

/**
 * Where the last step spent lies well in the future, the clock was stepped back: this code
 * may be new, but none that old can be told from a replay, so it is refused all the same.
 */
function spentBefore(enrolled: Authenticator, match: Match, at: number): Reason {
  const ahead = (enrolled.lastTimeStep - timeStepAt(at, enrolled.period)) * enrolled.period * 1000;
  const farAhead = ahead > CLOCK_STEP * 3;
  return farAhead && match.step < enrolled.lastTimeStep ? "clock-stepped-back" : "replayed";
}
