/** The method `hotp`: counter-based one-time passwords, each counter spent once. */
import type { CodeMethod, MethodParts } from "../contracts/method.ts";
import type { Authenticator } from "../contracts/store.ts";
import { secretCell } from "../core/cells.ts";
import { HOTP, type HotpMatch, isCounterBased, matchHotp } from "../core/hotp.ts";
import { type CodeParameters, DEFAULT_PARAMETERS, SECRET_BYTES } from "../core/totp.ts";
import type { Reason } from "../core/verdict.ts";

export const hotp: CodeMethod = {
  name: HOTP,
  kind: "code",
  shapes: ["one-time-password"],

  async isEnrolled(tx, user) {
    return (await tx.authenticators.find(user, HOTP, "active")) !== undefined;
  },

  async judge(tx, { user, code, at }, parts) {
    const enrolled = (await tx.authenticators.all(user, HOTP)).filter(isCounterBased);
    if (enrolled.length === 0) {
      workAsForOne(code, parts);
      return { accepted: false, reason: "not-enrolled" };
    }
    let reason: Reason = "wrong-code";
    for (const authenticator of enrolled) {
      const match = matchOf(authenticator, code, parts);
      if (!match) continue;
      const { id } = authenticator;
      if (!match.isSpent && (await tx.authenticators.spend(id, match.counter, 0, at))) {
        return { accepted: true };
      }
      reason = "replayed";
    }
    return { accepted: false, reason };
  },
};

/** What is done for one with an authenticator, so that the time tells nothing. */
function workAsForOne(code: string, { sealer, random, lookAhead }: MethodParts): void {
  const cell = secretCell({ id: "", user: "" });
  const made = random(SECRET_BYTES.sha1);
  const secret = sealer.open(sealer.seal(made, cell), cell);
  matchHotp(secret, code, DEFAULT_PARAMETERS, -1, lookAhead.window);
  made.fill(0);
  secret.fill(0);
}

function matchOf(
  enrolled: Authenticator & CodeParameters,
  code: string,
  { sealer, lookAhead }: MethodParts,
): HotpMatch | undefined {
  const secret = sealer.open(enrolled.sealedSecret, secretCell(enrolled));
  const match = matchHotp(secret, code, enrolled, enrolled.lastCounter, lookAhead.window);
  secret.fill(0);
  return match;
}
