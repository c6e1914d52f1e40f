/** What an audit of the accounts finds, one thing at a time. */

export const REPORT_SECTIONS = [
  "unenrolled",
  "stale",
  "never-used",
  "few-backup-codes",
  "shared-names",
  "exempt",
  "throttled",
  "failures",
] as const;
export type ReportSection = (typeof REPORT_SECTIONS)[number];

export interface ReportQuery {
  /** Which are asked for by name; all of them where absent. */
  readonly sections?: readonly ReportSection[] | undefined;
  /** Who has something active is stale when nothing of it was used, or enrolled, since then. */
  readonly unusedSince: number;
  /** From when on failures are counted. */
  readonly failuresSince: number;
}

/** In the order in which people read of them. */
export const FINDING_KINDS = [
  "policy-off",
  "unenrolled",
  "stale",
  "shared-name",
  "exempt",
  "never-used",
  "few-backup-codes",
  "throttled",
  "failures-of-user",
  "failures-from",
  "unknown",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** What does not apply is left out. */
export interface ReportFinding {
  readonly kind: FindingKind;
  /** True for what is not as the policy wants it. */
  readonly violation: boolean;
  readonly user?: string;
  /** Of the policy, from 1 on. */
  readonly rule?: number;
  /** A name at Duo, a host that was come from. */
  readonly name?: string;
  readonly count?: number;
  /** Milliseconds since the epoch: last used, enrolled, throttled until. */
  readonly at?: number;
  /** In words. */
  readonly detail?: string;
}

/** `seen`: how many accounts, or events, were looked at by then. */
export type ReportElement =
  | { readonly finding: ReportFinding }
  | { readonly seen: number; readonly of: "account" | "event" };
