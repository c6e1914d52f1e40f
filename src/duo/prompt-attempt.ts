/**
 * One visit to Duo's prompt, from the address given out to the redirect handed back. The
 * state ties the redirect to this visit, the nonce ties the id token to it (OpenID Connect
 * Core 3.1.2.1). It is a value: whoever holds it spends it once, whatever comes of it.
 */
import { isCallbackUri, readRedirect, sameSecret } from "../core/redirect.ts";

/** Milliseconds: as long as Duo takes the request that begins it. */
export const ATTEMPT_LIFETIME = 5 * 60_000;

/** 256 bits: neither can be guessed, and both are within Duo's 22 (16) to 1024 characters. */
const TOKEN_BYTES = 32;

/** Longest address that is looked at, in characters. */
const LONGEST_ADDRESS = 8192;

export interface PromptAttempt {
  readonly state: string;
  readonly nonce: string;
  /** The user's name at Duo. */
  readonly duoUser: string;
  /** As `callbackUri` of core/redirect.ts writes it. */
  readonly redirectUri: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What to make of a redirect that was handed back. Only `code` is worth an exchange. */
export type RedirectJudgement =
  | { readonly kind: "code"; readonly code: string }
  /** Duo ended the visit without a code: `access_denied` and the like, in visible ASCII and spaces. */
  | { readonly kind: "ended"; readonly error: string }
  | { readonly kind: "refused"; readonly reason: "malformed" | "wrong-state" | "expired" };

/** @param random of the operating system's generator */
export function newAttempt(
  duoUser: string,
  redirectUri: string,
  random: (length: number) => Uint8Array,
  now: number,
): PromptAttempt {
  const token = () => Buffer.from(random(TOKEN_BYTES)).toString("base64url");
  return {
    state: token(),
    nonce: token(),
    duoUser,
    redirectUri,
    expiresAt: now + ATTEMPT_LIFETIME,
  };
}

/**
 * Judges the address that the browser ended at, as a callback server or a person hands it
 * back. It comes from the caller's side, so nothing of it is believed.
 * @param now milliseconds since the epoch
 */
export function judgeRedirect(
  attempt: PromptAttempt,
  address: string,
  now: number,
): RedirectJudgement {
  const query = queryOf(address, attempt.redirectUri);
  const redirect = query === undefined ? undefined : readRedirect(query);
  if (!redirect) return { kind: "refused", reason: "malformed" };
  if (!sameSecret(redirect.state, attempt.state)) return { kind: "refused", reason: "wrong-state" };
  if (now >= attempt.expiresAt) return { kind: "refused", reason: "expired" };
  return redirect.kind === "code"
    ? { kind: "code", code: redirect.code }
    : { kind: "ended", error: redirect.error };
}

/** The query, when the rest of the address is the redirect URI to the letter. */
function queryOf(address: string, redirectUri: string): string | undefined {
  if (address.length > LONGEST_ADDRESS || !isCallbackUri(redirectUri)) return undefined;
  // Browsers show the address without its scheme, and some copy it so.
  const whole = address.trim().replace(/^(?=localhost:)/, "http://");
  const [beforeFragment = ""] = whole.split("#", 1);
  const mark = beforeFragment.indexOf("?");
  if (mark < 0 || beforeFragment.slice(0, mark) !== redirectUri) return undefined;
  return beforeFragment.slice(mark + 1);
}
