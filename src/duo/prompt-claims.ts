/**
 * What an id token has to say. The SDK has checked its signature (HS512 alone), issuer,
 * audience, expiry, user and nonce by then; all but the signature are judged once more here,
 * since the SDK takes a list as audience, any iat, and, above all, any result: a token that
 * says "deny" is a success to it.
 */
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { sameSecret } from "../core/redirect.ts";
import { CodeRefused } from "./prompt-replies.ts";

/** Seconds that the two clocks may differ by; the SDK allows as much. */
const LEEWAY = 60;

/** What the token must agree with. */
export interface Expected {
  /** The token endpoint's address. */
  readonly issuer: string;
  readonly clientId: string;
  readonly duoUser: string;
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How it came about, for the audit record: in Duo's words, without control characters. */
export interface PromptRecord {
  /** Duo's own number of the authentication. */
  readonly txid?: string;
  /** `duo_push`, `passcode`, `remembered_device`, `not_available` and so on. */
  readonly factor?: string;
  /** `user_approved`, `bypass_user`, `remembered_device`, `user_marked_fraud` and so on. */
  readonly reason?: string;
  /** `allow`, `bypass`, `deny`, `fraud`, `timeout` and so on. */
  readonly status?: string;
  readonly device?: string;
  /** Where the browser was, as Duo saw it. */
  readonly ip?: string;
}

export interface PromptOutcome {
  /** True for `auth_result.result` of exactly "allow", which bypass and remembered devices are too. */
  readonly allowed: boolean;
  readonly record: PromptRecord;
}

/**
 * The result of a token that is Duo's, of now, for this visit and about this user.
 * @param claims the payload of a token whose signature was verified
 * @throws Fault `duo-invalid`, naming the claim and never its value
 */
export function judgeClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: Expected,
): PromptOutcome {
  const now = expected.now / 1000;
  const demand = (claim: string, holds: boolean): void => {
    if (!holds) throw invalidToken(claim);
  };
  demand("iss", claims.iss === expected.issuer);
  demand("aud", claims.aud === expected.clientId);
  demand("exp", isTime(claims.exp) && now < claims.exp + LEEWAY);
  demand("iat", isTime(claims.iat) && claims.iat < now + LEEWAY);
  demand("nonce", typeof claims.nonce === "string" && sameSecret(claims.nonce, expected.nonce));
  // Not sub: that is the user's own name, whichever alias was asked for.
  demand("preferred_username", claims.preferred_username === expected.duoUser);
  const result = fieldsOf(claims.auth_result);
  demand("auth_result", result.result !== undefined);
  return { allowed: result.result === "allow", record: recordOf(claims) };
}

/** Of another user or visit, it is the code that was handed over that is another's. */
const OF_THE_CODE = ["nonce", "preferred_username"];

export function invalidToken(claim: string): Fault {
  const Invalid = OF_THE_CODE.includes(claim) ? CodeRefused : Fault;
  return new Invalid("duo-invalid", `Duo's id token does not hold: ${claim}`, {
    hint: "see that this host's clock is right and that the client secret is this application's",
  });
}

function recordOf(claims: Readonly<Record<string, unknown>>): PromptRecord {
  const context = fieldsOf(claims.auth_context);
  const said = {
    txid: context.txid,
    factor: context.factor,
    reason: context.reason,
    status: fieldsOf(claims.auth_result).status,
    device: fieldsOf(context.auth_device).name,
    ip: fieldsOf(context.access_device).ip,
  };
  const texts = Object.entries(said).flatMap(([name, value]) =>
    typeof value === "string" && value !== "" ? [[name, printable(value)]] : [],
  );
  return Object.fromEntries(texts);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
