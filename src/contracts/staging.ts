/**
 * What an import has brought so far: outside the store, gone with this process, and never in the
 * way of a login. Nothing here waits.
 */
import type { Algorithm } from "../core/totp.ts";
import type { ScryptCost } from "./sealing.ts";

/** Single-use codes as they are kept: slow hashes of one salt. */
export interface StagedCodes {
  readonly salt: Uint8Array;
  readonly cost: ScryptCost;
  readonly hashes: readonly Uint8Array[];
}

/** Where an entry stands in its file, and whose it is; a token may be nobody's yet. */
export interface StagedPlace {
  readonly place: string;
  readonly user: string | undefined;
}

/** One that is to come, in the form in which it comes to the store. */
export interface StagedRow extends StagedPlace {
  readonly method: string;
  readonly serial: string;
  readonly id: string;
  readonly sealedSecret: Uint8Array;
  readonly algorithm: Algorithm | undefined;
  readonly digits: number | undefined;
  readonly period: number | undefined;
  /** Undefined: all time steps up to the import count as used. */
  readonly lastCounter: number | undefined;
  readonly skew: number;
  readonly codes?: StagedCodes | undefined;
  /** As ImportedAuthenticator has it. */
  readonly isFound?: boolean | undefined;
}

/** What tells an entry from others in its file. */
export interface StagedMark extends StagedPlace {
  readonly method: string;
  readonly serial: string;
  /** A keyed digest of method and secret. */
  readonly digest: Uint8Array;
}

export interface Staging {
  /** False for one that only tries: nothing of it is committed. */
  readonly isTrial: boolean;
  /** Entries that were noted. */
  readonly size: number;
  /** An entry with this secret; of several, one of this user where there is one. */
  withSecret(digest: Uint8Array, user: string | undefined): StagedPlace | undefined;
  /** The place of the entry with this serial number. */
  placeOfSerial(method: string, serial: string): string | undefined;
  /** How many entries this user has of this method. */
  countOf(user: string, method: string): number;
  /** Notes an entry; `row` where it is to come. */
  add(mark: StagedMark, row?: StagedRow): void;
  /** Gives the row of this id its codes. */
  setCodes(id: string, codes: StagedCodes): void;
  /** Those that are to come, in order of their users (bytes), who are never split. */
  pages(limit: number): Iterable<readonly StagedRow[]>;
  close(): void;
}

/** The imports that are under way. */
export interface Stagings {
  /** @throws Fault `conflict` where too many are under way */
  open(id: string, isTrial: boolean): void;
  /** @throws Fault `not-found` for one that has ended, or was silent for too long */
  find(id: string): Staging;
  /** The same, out of this list: whoever takes it closes it. @throws Fault as `find` */
  take(id: string): Staging;
  /** Ends one; nothing of it is left. */
  close(id: string): void;
  /** Ends all. */
  closeAll(): void;
}
