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
  /**
   * True where nobody named it: it lay in a home. Whoever can write there is not to add to what its
   * user has enrolled, nor to bring back what a reset has taken away.
   */
  readonly isFound?: boolean | undefined;
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

/** The formats that are read. */
export const IMPORT_FORMATS = [
  "google-authenticator",
  "oath",
  "otpauth",
  "pskc",
  "yubico",
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What the engine is given of one: the remarks of its parser are for people alone. */
export type ImportEntry = Omit<ImportedAuthenticator, "kind" | "remarks">;

/** What the engine finds of one entry, by the store as it is and by the entries before it. */
export type ImportFinding =
  /** `serial`: the one it comes under, which tells several of one user apart. */
  | { readonly state: "new"; readonly serial: string; readonly remarks: readonly string[] }
  /** With the same secret: nothing of it changes. */
  | { readonly state: "here" }
  | { readonly state: "unfit"; readonly why: string };

/** Where an import comes from, for the audit log. */
export interface ImportSource {
  readonly format: ImportFormat;
  /** Of the whole file: 64 hexadecimal digits. */
  readonly sha256: string;
}

/** One that fitted when it was sent, and did not any more when all of it was to come. */
export interface ImportConflict {
  readonly place: string;
  readonly user: string | undefined;
  readonly why: string;
}

export interface ImportOutcome {
  /** False where something did not fit any more: nothing came then. */
  readonly done: boolean;
  readonly authenticators: number;
  readonly users: number;
  readonly tokens: number;
  /** Users whose scratch codes are their backup codes now. */
  readonly backupCodeSets: number;
  /** Those that were left out, and the first of them. */
  readonly leftOut: number;
  readonly conflicts: readonly ImportConflict[];
}
