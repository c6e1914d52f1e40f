/** The otpauth key URI ("Key URI format"), which a phone reads from the QR code. */
import { encodeBase32 } from "./base32.ts";
import { type CodeParameters, DEFAULT_PARAMETERS } from "./totp.ts";

/** Without a period: codes that count, from 0 on. */
export interface KeyParameters extends CodeParameters {
  readonly period: number | undefined;
}

export interface KeyUriParts {
  readonly issuer: string;
  readonly account: string;
  readonly secret: Uint8Array;
  readonly parameters: KeyParameters;
}

/**
 * `otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=ISSUER`, or `otpauth://hotp/…&counter=0`.
 *
 * Parameters that have their default value are left out: every app assumes them, and the
 * QR code is two rows smaller. The colon parts issuer and account, so neither may hold one.
 */
export function keyUri(parts: KeyUriParts): string {
  const issuer = encodeURIComponent(parts.issuer.replaceAll(":", " "));
  const account = encodeURIComponent(parts.account.replaceAll(":", " "));
  const { algorithm, digits, period } = parts.parameters;
  const query = [`secret=${encodeBase32(parts.secret)}`, `issuer=${issuer}`];
  if (algorithm !== DEFAULT_PARAMETERS.algorithm) {
    query.push(`algorithm=${algorithm.toUpperCase()}`);
  }
  if (digits !== DEFAULT_PARAMETERS.digits) query.push(`digits=${digits}`);
  // Without it the format has no hotp: an app refuses the code, or begins anywhere.
  if (period === undefined) query.push("counter=0");
  else if (period !== DEFAULT_PARAMETERS.period) query.push(`period=${period}`);
  return `otpauth://${period === undefined ? "hotp" : "totp"}/${issuer}:${account}?${query.join("&")}`;
}
