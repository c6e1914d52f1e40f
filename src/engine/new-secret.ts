/** A new secret: what an app is told of it, and whether a code shows that the app has it. */
import type { Enrollment, EnrollOptions } from "../contracts/service.ts";
import { readAnswer } from "../core/answer.ts";
import { encodeBase32 } from "../core/base32.ts";
import { matchHotp } from "../core/hotp.ts";
import { keyUri } from "../core/key-uri.ts";
import {
  type CodeParameters,
  clockOffset,
  type Match,
  matchTotp,
  type OtpParameters,
} from "../core/totp.ts";
import type { EngineParts } from "./parts.ts";

/** A code that fits; else by how many seconds the phone's clock is off, where that is why. */
export interface CheckedCode {
  readonly match?: Match | undefined;
  readonly offset?: number | undefined;
}

export function checkCode(
  parts: EngineParts,
  secret: Uint8Array,
  parameters: OtpParameters,
  typed: string,
): CheckedCode {
  const answer = readAnswer(typed);
  if (answer.shape !== "one-time-password") return {};
  const now = parts.clock.now();
  const match = matchTotp(secret, answer.code, now, parameters, parts.window);
  return match ? { match } : { offset: clockOffset(secret, answer.code, now, parameters) };
}

/** Of a token, or an app, that counts: from the last counter on that was used, -1 for a new one. */
export function checkCounted(
  parts: EngineParts,
  secret: Uint8Array,
  { lastCounter, ...parameters }: CodeParameters & { readonly lastCounter: number },
  typed: string,
): CheckedCode {
  const answer = readAnswer(typed);
  if (answer.shape !== "one-time-password") return {};
  const { window } = parts.lookAhead;
  const match = matchHotp(secret, answer.code, parameters, lastCounter, window);
  return match && !match.isSpent ? { match: { step: match.counter, drift: 0 } } : {};
}

export function describe(
  user: string,
  issuer: string,
  options: EnrollOptions,
  secret: Uint8Array,
  expiresAt: number,
): Enrollment {
  const uri = keyUri({ issuer, account: user, secret, parameters: options });
  return { user, method: options.method, issuer, secret: encodeBase32(secret), uri, expiresAt };
}
