/**
 * The store. Single use, counting and recording are statements here, each conditional on
 * what it changes, and never a question followed by an order (DESIGN.md 6.1 to 6.3).
 *
 * Times are milliseconds since the epoch. Every method may throw a Fault of a `store-…` code.
 */
import type { AuditRecord } from "../core/audit-chain.ts";
import type { AuditHead } from "../core/audit-head.ts";
import type { GracePlace } from "../core/grace.ts";
import type { ThrottlePolicy } from "../core/throttle.ts";
import type { KeptParameters, OtpParameters } from "../core/totp.ts";
import type { ScryptCost } from "./sealing.ts";
import type { StagedRow } from "./staging.ts";

export interface Store {
  /**
   * Runs `work` in one transaction. When the promise resolves, its changes are on disk;
   * when `work` throws, none is. `work` awaits nothing but this store's methods: others
   * are waiting for their turn.
   */
  transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` on one consistent view. Nothing can be changed in it. */
  read<T>(work: (view: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Transaction {
  readonly facts: Facts;
  readonly accounts: Accounts;
  readonly authenticators: Authenticators;
  readonly tokens: Tokens;
  readonly imports: Imports;
  readonly backupCodes: BackupCodes;
  readonly invitations: Invitations;
  readonly attempts: Attempts;
  readonly challengeStarts: ChallengeStarts;
  readonly graceTickets: GraceTickets;
  readonly methodSecrets: MethodSecrets;
  readonly audit: AuditLog;
  readonly checkpoints: Checkpoints;
}

/** What the store knows of itself: which key it was made with, its name. */
export interface Facts {
  get(name: string): Promise<Uint8Array | undefined>;
  /** Sets a fact that is not there yet; false when it is. */
  setOnce(name: string, value: Uint8Array): Promise<boolean>;
}

export interface Account {
  readonly user: string;
  readonly createdAt: number;
  /** Undefined for one that is not disabled. */
  readonly disabledAt: number | undefined;
  /** Their name at services such as Duo, where an administrator set one. */
  readonly alias: string | undefined;
  /** What an empty answer begins, where they have said so. */
  readonly preferredMethod: string | undefined;
  /** What an administrator has them told once they are in. */
  readonly message: string | undefined;
}

export interface Accounts {
  find(user: string): Promise<Account | undefined>;
  /** Creates the account unless it is there. */
  ensure(user: string, throttleKey: string, at: number): Promise<void>;
  /** False when it was disabled already, or is not there. */
  disable(user: string, at: number): Promise<boolean>;
  /** False when it was not disabled. */
  enable(user: string): Promise<boolean>;
  /** Sets the alias, or removes it. False when there is no such account, or it is so already. */
  setAlias(user: string, alias: string | undefined): Promise<boolean>;
  /** As `setAlias`, of the preferred method. */
  setPreferredMethod(user: string, method: string | undefined): Promise<boolean>;
  /** Takes it from everybody who prefers this one. */
  forgetPreferredMethod(method: string): Promise<void>;
  /** As `setAlias`, of the message. */
  setMessage(user: string, message: string | undefined): Promise<boolean>;
  /** True when any account with this throttle key has an active authenticator, or is disabled. */
  isAnySpellingEnrolled(throttleKey: string): Promise<boolean>;
  /**
   * True when the account is disabled; of a name that has none, when another of this throttle
   * key is.
   */
  isDisabled(user: string, throttleKey: string): Promise<boolean>;
  /** True when any account of this throttle key is disabled. */
  isAnyDisabled(throttleKey: string): Promise<boolean>;
  /** One account with what hangs on it. */
  overview(user: string): Promise<AccountOverview | undefined>;
  /**
   * Goes on at a place, or begins where there is none. Looks at no more than `limit` rows, however
   * few of them pass the filter: nobody waits for a long search.
   */
  page(query: AccountQuery, from: AccountPlace | undefined, limit: number): Promise<AccountPage>;
  /** Those of these accounts that are there and pass the filter, in order of name (bytes). */
  among(users: readonly string[], query: AccountQuery): Promise<AccountOverview[]>;
  /** The account's place in a list; undefined where a list by something else than name has none. */
  placeOf(user: string, order: AccountOrder): Promise<AccountPlace | undefined>;
  /** How many accounts are in which state at `now`. */
  census(now: number): Promise<Census>;
}

export const ACCOUNT_STATES = ["active", "pending", "disabled", "none"] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Which accounts a list wants: those of which all of this is true. */
export interface AccountFilter {
  /** A disabled one is that, whatever else it is. */
  readonly status?: AccountState | undefined;
  /** Has one of this method, active or begun and not expired. */
  readonly method?: string | undefined;
  /** Has nothing active. */
  readonly unenrolled?: boolean | undefined;
  /** Has something active, and nothing of it was used, or enrolled, since then. */
  readonly unusedSince?: number | undefined;
}

/**
 * By name: in order of bytes. The others go by what is active, and then by name: when anything
 * of it was last used (longest ago first, and before it what never was); since when there is
 * any. Last of all, by name, come those who have nothing active.
 */
export const ACCOUNT_ORDERS = ["name", "last-used", "enrolled"] as const;
export type AccountOrder = (typeof ACCOUNT_ORDERS)[number];

export interface AccountQuery extends AccountFilter {
  readonly order: AccountOrder;
  /** The time at which they are looked at. */
  readonly now: number;
}

/** Where a list goes on: after this account. */
export interface AccountPlace {
  readonly user: string;
  /** When it was last used (0 for never), or enrolled. Undefined by name, and for nothing active. */
  readonly at?: number | undefined;
}

export interface AccountPage {
  readonly accounts: readonly AccountOverview[];
  /** Undefined at the end. */
  readonly next: AccountPlace | undefined;
}

/** Disabled ones are counted as such, whatever else they are; throttled ones are counted twice. */
export interface Census {
  readonly active: number;
  readonly pending: number;
  readonly disabled: number;
  readonly none: number;
  readonly throttled: number;
}

/** An account with what hangs on it, for lists. */
export interface AccountOverview extends Account {
  readonly authenticators: readonly AuthenticatorOverview[];
  readonly backupCodesLeft: number;
  /** Undefined when no delay is in force at all; may lie in the past. */
  readonly throttledUntil: number | undefined;
}

export interface AuthenticatorOverview {
  readonly method: string;
  /** A hardware token's serial number, a YubiKey's public id; empty where there is none. */
  readonly serial: string;
  readonly status: "active" | "pending";
  readonly enrolledAt: number | undefined;
  readonly lastUsedAt: number | undefined;
  /** Of a pending one. */
  readonly expiresAt: number | undefined;
}

export interface Authenticator extends AuthenticatorOverview, KeptParameters {
  /** Chosen by the engine, so that the secret can be sealed to its row beforehand. */
  readonly id: string;
  readonly user: string;
  readonly sealedSecret: Uint8Array;
  readonly drift: number;
  /** Of a pending one: the invitation that is used up when it becomes active. */
  readonly invitation: string | undefined;
  /** Time steps by which the device's clock is ahead of the host's, beside what drifts. */
  readonly skew: number;
  /**
   * The last time step or counter that was spent; of a YubiKey, use counter times 256 plus session
   * counter. -1 before the first.
   */
  readonly lastCounter: number;
}

/** A pending authenticator, as enrollment begins it. */
export interface NewAuthenticator extends KeptParameters {
  readonly id: string;
  readonly user: string;
  readonly method: string;
  /** Empty when absent. */
  readonly serial?: string | undefined;
  /** 0 when absent. */
  readonly skew?: number | undefined;
  readonly sealedSecret: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly invitation?: string | undefined;
}

/** One that was confirmed before it came here: its set-up code is spent. */
export interface ConfirmedAuthenticator extends OtpParameters {
  readonly id: string;
  readonly user: string;
  readonly method: string;
  readonly sealedSecret: Uint8Array;
  readonly step: number;
  readonly drift: number;
}

/** One that is judged elsewhere, such as by Duo: here is known that it is in use. */
export interface RemoteAuthenticator {
  readonly id: string;
  readonly user: string;
  readonly method: string;
  /** Empty when absent. */
  readonly serial?: string | undefined;
  /** What is kept of it, if anything: where messages go. */
  readonly sealedSecret?: Uint8Array | undefined;
}

/** A token that is nobody's yet. */
export interface Token extends KeptParameters {
  readonly method: string;
  readonly serial: string;
  readonly sealedSecret: Uint8Array;
  readonly skew: number;
  /** As an authenticator's. */
  readonly lastCounter: number;
}

export interface Tokens {
  /** False when there is one of this method and serial number, here or in somebody's hands. */
  add(token: Token, at: number): Promise<boolean>;
  find(method: string, serial: string): Promise<Token | undefined>;
  /** Takes it out, for whom it is given to: the statement that giving it hangs on. */
  take(method: string, serial: string): Promise<boolean>;
  /** The next by method and serial number, at most `limit`. */
  page(
    after: { readonly method: string; readonly serial: string } | undefined,
    limit: number,
  ): Promise<(Token & { readonly addedAt: number })[]>;
  /** Removes those of a method. How many went. */
  purge(method: string): Promise<number>;
}

/** A row that did not fit: its user is disabled, its serial taken, or its user has another. */
export interface Unfitting {
  readonly row: StagedRow;
  readonly why: "disabled" | "serial" | "method" | "enrolled";
}

export interface Imports {
  /**
   * Adds all of these that fit, with their accounts: as active authenticators, or to the inventory.
   * Scratch codes become backup codes where the user has none left. What was begun for these
   * users, their invitations and their grace tickets end.
   */
  add(
    rows: readonly StagedRow[],
    at: number,
  ): Promise<{ readonly unfitting: readonly Unfitting[]; readonly backupCodeSets: number }>;
}

export interface Authenticators {
  /** Adds a pending one, in place of an earlier pending one of the same user and method. */
  begin(authenticator: NewAuthenticator): Promise<void>;
  /** Of several, that with this serial number; the first of any where none is named. */
  find(
    user: string,
    method: string,
    status: "active" | "pending",
    serial?: string,
  ): Promise<Authenticator | undefined>;
  /** Every active one that has a secret here, in order of serial number. */
  all(user: string, method: string): Promise<Authenticator[]>;
  /** Who has the active one with this serial number. */
  ownerOf(method: string, serial: string): Promise<string | undefined>;
  /**
   * Makes a pending one active, with the time step or counter of its set-up code spent, and
   * removes the active one of this serial number, or of none, that it replaces. False when it is
   * no longer pending, has expired, or another user has this serial number.
   */
  activate(id: string, counter: number, drift: number, at: number): Promise<boolean>;
  /**
   * Adds an active one for who has nothing active and is not disabled, under any spelling of
   * the name: else false, and nothing is changed.
   */
  addFirst(authenticator: ConfirmedAuthenticator, at: number): Promise<boolean>;
  /**
   * Spends a time step or counter of an active one: the single-use statement. False when it, or a
   * later one, was spent.
   */
  spend(id: string, counter: number, drift: number, at: number): Promise<boolean>;
  /**
   * The same, for a device that was found again: its clock is now so many time steps ahead, and
   * nothing is left of what had drifted.
   */
  resynchronize(id: string, counter: number, skew: number, at: number): Promise<boolean>;
  /** One without codes of its own, of this serial number, or of none. */
  findRemote(
    user: string,
    method: string,
    serial?: string,
  ): Promise<RemoteAuthenticator | undefined>;
  /**
   * Adds an active one, with this counter spent. False when the user has one of this method and
   * serial number, or another user has.
   */
  addRemote(authenticator: RemoteAuthenticator, at: number, counter?: number): Promise<boolean>;
  /**
   * Notes the use of an active one, and spends this counter. False when it was removed meanwhile,
   * or the counter was spent: nobody is let in by it.
   */
  noteUse(id: string, at: number, counter?: number): Promise<boolean>;
  /** How many there are of each method, pending ones left out. */
  tally(): Promise<ReadonlyMap<string, number>>;
  /** Removes those of a method, of everybody. How many went. */
  purge(method: string): Promise<number>;
  /**
   * Removes those of one method, or all; pending ones alone where `status` says so, the one of a
   * serial number where that is said. How many went.
   */
  remove(user: string, method?: string, status?: "pending", serial?: string): Promise<number>;
}

export interface BackupCodeSet {
  readonly salt: Uint8Array;
  readonly cost: ScryptCost;
  readonly createdAt: number;
  /** Codes not used yet. */
  readonly left: number;
}

export interface BackupCodes {
  /** Replaces the user's set: the old one dies. */
  replace(
    user: string,
    set: { salt: Uint8Array; cost: ScryptCost; hashes: readonly Uint8Array[] },
    at: number,
  ): Promise<void>;
  find(user: string): Promise<BackupCodeSet | undefined>;
  /** Spends the code with this hash: the single-use statement. False when there is none unused. */
  spend(user: string, hash: Uint8Array, at: number): Promise<boolean>;
  /** True when the code with this hash was spent before. */
  wasSpent(user: string, hash: Uint8Array): Promise<boolean>;
  /** How many unused codes died. */
  revoke(user: string): Promise<number>;
  /** Sets that have an unused code. */
  tally(): Promise<number>;
  /** Everybody's; or, with "stranded", of those who have no active authenticator. How many sets went. */
  purge(which: "all" | "stranded"): Promise<number>;
}

/** Leave for one user to enroll. Its code is kept as a keyed hash. */
export interface Invitation {
  readonly id: string;
  readonly user: string;
  readonly hash: Uint8Array;
  /** The only host, and the only network, that it is good for; any when undefined. */
  readonly host: string | undefined;
  readonly network: string | undefined;
  readonly createdAt: number;
  /** Who invited: `uid:login`. */
  readonly createdBy: string;
  readonly expiresAt: number;
  /** Undefined while it is good. */
  readonly usedAt: number | undefined;
}

export interface Invitations {
  add(invitation: Omit<Invitation, "usedAt">): Promise<void>;
  find(id: string): Promise<Invitation | undefined>;
  /** All of a user's, used and expired ones too, the oldest first. */
  of(user: string): Promise<Invitation[]>;
  /** The next by id, at most `limit`, after `after`. */
  page(after: string, limit: number): Promise<Invitation[]>;
  /** Uses it up: the single-use statement. False when it was, or has expired, or is not there. */
  use(id: string, user: string, at: number): Promise<boolean>;
  /** Removes those of a user that are not used, or the one of this id. How many went. */
  revoke(user: string, id?: string): Promise<number>;
  /** Drops those that expired before this time. */
  sweep(before: number): Promise<void>;
}

/** Whether an attempt may be judged. */
export type Admission =
  | { readonly admitted: true; readonly failures: number }
  | { readonly admitted: false; readonly retryAt: number };

export interface Attempts {
  /**
   * Counts an attempt as failed before it is judged, in one conditional statement: admitted
   * unless a delay is in force. What is not admitted changes nothing, so that it does not
   * lengthen the delay. A count from the future (the clock stepped back) holds nobody.
   */
  count(throttleKey: string, now: number, policy: ThrottlePolicy): Promise<Admission>;
  /** Until when attempts are refused, or undefined when they are not. Counts nothing. */
  retryAt(throttleKey: string, now: number, policy: ThrottlePolicy): Promise<number | undefined>;
  /** Takes back one attempt that could not be judged. */
  forgive(throttleKey: string, policy: ThrottlePolicy): Promise<void>;
  /** Forgets the failures: after success, or to unlock. */
  clear(throttleKey: string): Promise<boolean>;
  /** Drops the counters that have decayed to nothing, so that made-up names do not pile up. */
  sweep(now: number, policy: ThrottlePolicy): Promise<void>;
}

/** How often a challenge may be begun for one user. */
export interface StartLimit {
  readonly most: number;
  /** Milliseconds from the first of them on. */
  readonly within: number;
}

export interface ChallengeStarts {
  /**
   * Counts one more, in one conditional statement; undefined when it may begin. Else nothing is
   * changed, and it is until when none may: milliseconds since the epoch.
   */
  take(
    throttleKey: string,
    method: string,
    now: number,
    limit: StartLimit,
  ): Promise<number | undefined>;
  /** One less, where none was begun after all. */
  giveBack(throttleKey: string, method: string): Promise<void>;
  /** Drops what is over, so that made-up names do not pile up. */
  sweep(now: number): Promise<void>;
}

/** What one accepted answer covers: see core/grace.ts. */
export interface GraceTicket extends GracePlace {
  readonly user: string;
  /** Where the answer was accepted, and of which method it was. */
  readonly service: string;
  readonly method: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Milliseconds since the boot when it was made: no setting of the clock changes that. */
  readonly uptime: number;
  /** A keyed digest of all the rest. */
  readonly seal: Uint8Array;
}

/** When a ticket is looked at, by both clocks. */
export interface GraceMoment {
  readonly now: number;
  readonly uptime: number;
}

export interface GraceClaim extends GracePlace, GraceMoment {
  readonly user: string;
  /** Milliseconds: no older one counts. */
  readonly grace: number;
  /** One of these must have made it. */
  readonly methods: readonly string[];
}

/**
 * A user's end with what they stand on: when an authenticator of theirs is made active, added,
 * removed or purged, when they are disabled or have another alias; those made by a backup code
 * with its set.
 */
export interface GraceTickets {
  /** In place of an earlier one of the same place; of the user's, only the `most` newest stay. */
  add(ticket: GraceTicket, most: number): Promise<void>;
  /** Notes the use of a valid one: the statement that acceptance hangs on. Its life stays as it is. */
  use(claim: GraceClaim): Promise<GraceTicket | undefined>;
  /** Valid ones, of one user or of all, in order of their users (bytes), behind `after`. */
  page(
    which: GraceMoment & { readonly user: string | undefined },
    after: GraceTicket | undefined,
    limit: number,
  ): Promise<GraceTicket[]>;
  /** Ends one user's, or all. How many of them were valid. */
  end(user: string | undefined, at: GraceMoment): Promise<number>;
}

/** The secrets of methods as a whole, such as the keys of applications at Duo. */
export interface MethodSecrets {
  find(method: string): Promise<Uint8Array | undefined>;
  /** In place of an earlier one. */
  set(method: string, sealed: Uint8Array, at: number): Promise<void>;
  remove(method: string): Promise<boolean>;
}

/** Which events a list wants: those of which all of this is true, to the letter. */
export interface AuditFilter {
  readonly user?: string | undefined;
  readonly since?: number | undefined;
  /** Before this time. */
  readonly until?: number | undefined;
  readonly action?: string | undefined;
  readonly verdict?: string | undefined;
  readonly service?: string | undefined;
  readonly rhost?: string | undefined;
  readonly method?: string | undefined;
  /** Places in the log: behind the one, up to the other. */
  readonly after?: number | undefined;
  readonly upTo?: number | undefined;
}

/** Verifications of one hour, by verdict. */
export interface AuditTally {
  /** Start of the hour. */
  readonly hour: number;
  readonly verdict: string;
  readonly count: number;
}

export interface AuditLog {
  head(): Promise<AuditHead>;
  /** The place before the first record, by its own word; the empty head where there is none. */
  beginning(): Promise<AuditHead>;
  /** Refuses a record that does not follow the head. */
  append(record: AuditRecord): Promise<void>;
  /** The same for many, each following the one before it. */
  appendAll(records: readonly AuditRecord[]): Promise<void>;
  /** The next records after `after` in order, at most `limit`. */
  page(after: number, limit: number, filter?: AuditFilter): Promise<AuditRecord[]>;
  /** The last `limit` records, in order. */
  tail(limit: number, filter?: AuditFilter): Promise<AuditRecord[]>;
  /** Verifications since then, by hour and verdict. */
  tally(since: number): Promise<AuditTally[]>;
}

/** A checkpoint as it is kept: whether it is signed, its reader looks. */
export interface KeptCheckpoint {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** "archive": the events up to it are in archives, and may be removed here. */
  readonly kind: "head" | "archive";
  readonly text: string;
}

/** Signed places of the audit log, and what becomes of events that are archived. */
export interface Checkpoints {
  /** All, in order of their places. */
  list(): Promise<KeptCheckpoint[]>;
  /** The last of its kind. */
  last(kind: KeptCheckpoint["kind"]): Promise<KeptCheckpoint | undefined>;
  /** Keeps one of a head, in place of an earlier one of the same event. */
  keep(checkpoint: KeptCheckpoint): Promise<void>;
  /**
   * Notes that the events from `first` to the checkpoint's, with this hash, are archived. False
   * unless that event is there, is not the last, and `first` follows what was archived before.
   * Earlier checkpoints are forgotten.
   */
  keepArchive(checkpoint: KeptCheckpoint, first: number, hash: string): Promise<boolean>;
  /** Removes archived events, the oldest first, but never the last of all. How many went. */
  removeArchived(limit: number): Promise<number>;
}
