/** What an import brings, whatever the format it came in. */
import type { Algorithm, Digits } from "../core/totp.ts";

/** One authenticator, or one token that is nobody's yet. */
export interface ImportedAuthenticator {
  readonly kind: "authenticator";
  /** Where in the file, for people: "line 3", "key 2". */
  readonly place: string;
  /** Whose; undefined for a token that is kept by its serial number until it is given to somebody. */
  readonly user: string | undefined;
  readonly method: "totp" | "hotp" | "yubikey";
  /** The token's serial number, or a YubiKey's public id in modhex; empty where there is none. */
  readonly serial: string;
  /** Of a YubiKey: 16 bytes of AES key, then 6 of the private id. Whoever takes it zeroes it. */
  readonly secret: Uint8Array;
  /** Undefined for a YubiKey. */
  readonly algorithm: Algorithm | undefined;
  readonly digits: Digits | undefined;
  /** Seconds of a time step; undefined for what counts. */
  readonly period: number | undefined;
  /**
   * The last time step or counter that was used; of a YubiKey, its use counter times 256 plus its
   * session counter. -1: none was. Undefined: the format does not tell; all that lies before the
   * import counts as used then, where time says what that is.
   */
  readonly lastCounter: number | undefined;
  /** Time steps by which the device's clock is ahead of the host's; negative when behind. */
  readonly skew: number;
  /** Single-use codes that come with it: digits, as the other system gave them out. */
  readonly scratchCodes: readonly string[];
  /** What does not come along, or is weaker than what is enrolled here; each a short phrase. */
  readonly remarks: readonly string[];
}

/** What cannot come, and why. */
export interface Unfit {
  readonly kind: "unfit";
  readonly place: string;
  /** As far as it could be read. */
  readonly user: string | undefined;
  /** One lower-case phrase without a secret in it. */
  readonly why: string;
}

export type ImportItem = ImportedAuthenticator | Unfit;
