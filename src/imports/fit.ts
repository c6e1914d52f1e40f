/** What may come from elsewhere, and in what it is weaker than what is enrolled here. */
import type { ImportedAuthenticator, ImportItem } from "../contracts/imported.ts";
import { isAccount } from "../core/account.ts";
import { SECRET_BOUNDS, SECRET_BYTES } from "../core/totp.ts";
import { Misfit } from "./misfit.ts";

/** Bytes of the longest secret that comes. */
export const LONGEST_SECRET = SECRET_BOUNDS.longest;
/** Bytes that RFC 4226 section 4 R6 requires of a secret. */
const REQUIRED_SECRET = 16;

/** No button is pressed as often; beyond it, counting on would lose whole numbers. */
export const MAX_COUNTER = 2 ** 52;
/** Seconds of the longest time step. */
export const MAX_PERIOD = 3_600;
/** Time steps: the day and hour of clock skew that google-authenticator can learn at most. */
export const MAX_SKEW = 1_500;

/** As `judge`, for a candidate whose making may end in a misfit. */
export function itemOf(
  place: string,
  user: string | undefined,
  make: () => ImportedAuthenticator,
): ImportItem {
  try {
    return judge(make());
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { kind: "unfit", place, user: printableUser(user), why: error.message };
  }
}

/**
 * The candidate with what is weak in it among its remarks, or why it cannot come; then its
 * secret is zeroed.
 */
export function judge(candidate: ImportedAuthenticator): ImportItem {
  const why = unfitness(candidate);
  if (why === undefined) {
    return { ...candidate, remarks: [...weaknesses(candidate), ...candidate.remarks] };
  }
  candidate.secret.fill(0);
  return { kind: "unfit", place: candidate.place, user: printableUser(candidate.user), why };
}

/** A name that could be an account; what is none may be anything, a secret among it. */
export function printableUser(user: string | undefined): string | undefined {
  return user !== undefined && isAccount(user) ? user : undefined;
}

function unfitness(candidate: ImportedAuthenticator): string | undefined {
  const { user, method, secret, digits, period, lastCounter, skew } = candidate;
  if (user !== undefined && !isAccount(user)) return "its user's name can be none on a host";
  if (lastCounter !== undefined && (lastCounter < -1 || lastCounter > MAX_COUNTER)) {
    return "a counter beyond all that can have been counted";
  }
  if (Math.abs(skew) > MAX_SKEW) return `a clock off by ${skew} time steps`;
  if (method === "yubikey") return undefined;
  if (secret.length > LONGEST_SECRET) return `a secret of over ${LONGEST_SECRET} bytes`;
  // What no program makes by itself: whoever saw a few codes could find it by trying.
  if (secret.length < SECRET_BOUNDS.shortest) {
    return `a secret of ${secret.length * 8} bits, which a few seen codes give away`;
  }
  if (secret.every((byte) => byte === secret[0])) return "a secret whose bytes are all the same";
  if (digits === undefined || digits < 6 || digits > 8) return "codes not of 6, 7 or 8 digits";
  if (method === "totp" && !(period !== undefined && period >= 1 && period <= MAX_PERIOD)) {
    return `a time step that is not of 1 to ${MAX_PERIOD} seconds`;
  }
  return undefined;
}

function weaknesses({ secret, algorithm, period }: ImportedAuthenticator): string[] {
  if (algorithm === undefined) return [];
  const found: string[] = [];
  const bits = secret.length * 8;
  const usual = SECRET_BYTES[algorithm];
  if (secret.length < REQUIRED_SECRET) {
    found.push(`secret of ${bits} bits, fewer than the ${REQUIRED_SECRET * 8} of RFC 4226`);
  } else if (secret.length < usual) {
    found.push(`secret of ${bits} bits; those made here have ${usual * 8}`);
  }
  if (period !== undefined && period > 60) found.push(`each code counts for ${period} seconds`);
  return found;
}
