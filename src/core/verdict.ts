/** What a verification ends in, and the two tables that translate it. */

export const VERDICTS = [
  "accept",
  "exempt",
  "reject",
  "unenrolled",
  "throttled",
  "unavailable",
] as const;

export type Verdict = (typeof VERDICTS)[number];

/** Why, for root and the audit log only: the person refused never learns it. */
export type Reason =
  | "wrong-code"
  | "expired"
  // A message: the way to its address failed, and nobody is told but the log.
  | "not-sent"
  | "replayed"
  // Servers that were asked say different things.
  | "disputed"
  | "clock-stepped-back"
  | "malformed"
  | "disabled"
  | "not-enrolled"
  | "no-such-method"
  | "denied"
  | "fraud"
  | "locked-out"
  | "cancelled"
  | "end-of-input"
  | "timed-out"
  | "too-many-failures"
  | "too-many-challenges"
  | "locked"
  | "account-invalid"
  | "policy-off"
  | "rule-exempt"
  | "grace-ticket"
  | "unenrolled-allowed"
  // Nothing enrolled: let in until a date; not set up here, for the first factor is not known right.
  | "unenrolled-until"
  | "enrollment-elsewhere"
  | "enrolled-meanwhile"
  | "wrong-invitation"
  | "duo-unreachable-allowed"
  | "store"
  | "key"
  | "duo"
  | "message"
  | "yubikey";

/** Exit status of `verify` and `login`. 2 is usage and settings: no verdict is reached. */
export const EXIT_STATUS: Readonly<Record<Verdict, number>> = {
  accept: 0,
  exempt: 0,
  reject: 1,
  unenrolled: 3,
  throttled: 4,
  unavailable: 5,
};

/** Exit status when nothing could be judged because of usage or settings. */
export const EXIT_USAGE = 2;

/**
 * What the PAM module returns. `exempt` is PAM_IGNORE and never PAM_SUCCESS, so that
 * `sufficient` cannot become a bypass (pam-u2f, CVE-2025-23013).
 */
export const PAM_RETURN: Readonly<Record<Verdict, string>> = {
  accept: "PAM_SUCCESS",
  exempt: "PAM_IGNORE",
  reject: "PAM_AUTH_ERR",
  unenrolled: "PAM_AUTH_ERR",
  throttled: "PAM_MAXTRIES",
  unavailable: "PAM_AUTHINFO_UNAVAIL",
};

/** True for the verdicts that let a login go on. */
export function letsIn(verdict: Verdict): boolean {
  return verdict === "accept" || verdict === "exempt";
}
