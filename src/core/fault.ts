/**
 * A fault is a broken world: a store that cannot be read, a key that does not fit.
 * Expected outcomes (a wrong code, a throttled account) are verdicts, never faults.
 */

/** What is broken. Codes are stable: scripts and tests rely on them. */
export type FaultCode =
  | "usage"
  | "settings-invalid"
  | "settings-unwritable"
  | "file-untrusted"
  | "file-unreadable"
  | "file-unwritable"
  | "file-exists"
  | "store-missing"
  | "store-unreadable"
  | "store-locked"
  | "store-corrupt"
  | "store-newer"
  | "store-unwritable"
  | "key-missing"
  | "key-invalid"
  | "key-mismatch"
  | "key-unavailable"
  | "sealed-corrupt"
  | "not-permitted"
  | "no-terminal"
  | "account-invalid"
  | "not-found"
  | "conflict"
  | "refused"
  // Duo: out of reach; answered, but not as asked; answered with what does not hold.
  | "duo-unreachable"
  | "duo-refused"
  | "duo-invalid"
  // A way that codes are sent by, as of Duo above.
  | "message-unreachable"
  | "message-refused"
  // Validation servers of YubiKeys, as of Duo above.
  | "yubikey-unreachable"
  | "yubikey-refused"
  | "yubikey-invalid"
  | "audit-broken"
  // A file that is not what an import was told it is.
  | "import-invalid"
  // What would open such a file: missing, or another one.
  | "import-key"
  | "internal";

/** How a fault is mended, and what caused it. */
export interface FaultDetail {
  /** One line that says what the reader can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class. The message is one lower-case line and holds no secret. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly hint: string | undefined;

  constructor(code: FaultCode, message: string, detail: FaultDetail = {}) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}

/** The errno name of a system error ("ENOENT"), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
