/**
 * What countersign does for a caller: the one door commands go through, whichever side of
 * it the engine is on. The caller was named when the door was opened.
 */
import type { AuditRecord } from "../core/audit-chain.ts";
import type { SignedCheckpoint } from "../core/audit-checkpoint.ts";
import type { AuditHead } from "../core/audit-head.ts";
import type { Fault } from "../core/fault.ts";
import type { KeyParameters } from "../core/key-uri.ts";
import type { MethodName } from "../core/method-name.ts";
import type { Mismatch } from "../core/policy/decide.ts";
import type { Outlook, Standing } from "../core/policy/outlook.ts";
import type { Rule, Unenrolled } from "../core/policy/rule.ts";
import type { Reason, Verdict } from "../core/verdict.ts";
import type { Conversation } from "./conversation.ts";
import type { ImportEntry, ImportFinding, ImportOutcome, ImportSource } from "./imported.ts";
import type { ReportElement, ReportQuery } from "./report.ts";
import type {
  AccountFilter,
  AccountOrder,
  AccountState,
  AuditFilter,
  AuditTally,
  Invitation,
} from "./store.ts";

/** Who asks: the kernel's uid and its login name, never a name somebody sent. */
export interface Caller {
  readonly uid: number;
  readonly login: string;
  /** True where the engine runs in the caller's own process: whoever opened the store has it all. */
  readonly ownsStore: boolean;
}

/** What a drawing may be made of, where it is to be shown. */
export const CHARSETS = ["utf8", "ascii"] as const;
export type Charset = (typeof CHARSETS)[number];

/** Where a verification comes from, as in PAM. */
export interface Origin {
  readonly service?: string | undefined;
  readonly rhost?: string | undefined;
  readonly tty?: string | undefined;
  /** Who asks to become the user. */
  readonly ruser?: string | undefined;
  /** The login session that asks, by the kernel's word; see core/grace.ts. */
  readonly session?: string | undefined;
  /** What is to be run, for whoever approves it to see; told by the caller, so nothing is decided by it. */
  readonly command?: string | undefined;
  /** Where the caller's process can wait for a browser, if it has a say in it. */
  readonly callbackPort?: number | undefined;
  /**
   * There where the first factor of this login is known to be right, and texts are shown: who
   * has nothing enrolled can be set up in it. The engine believes it of root and of the user.
   */
  readonly enrolls?: Charset | undefined;
}

export interface VerifyOutcome {
  readonly verdict: Verdict;
  readonly user: string;
  readonly method?: string;
  /** For root and the log only. */
  readonly reason?: Reason;
  /** Of a throttled one: milliseconds since the epoch when the next attempt is read. */
  readonly retryAt?: number;
  /** What is broken, of an unavailable one; for root only. */
  readonly fault?: Fault;
  /** The host's own words to whoever is refused: the same for every cause but throttling. */
  readonly refusal?: string;
  /** What an administrator left for whoever is accepted: `verify` itself tells them. */
  readonly message?: string;
}

/** How a method stands. */
export interface MethodState {
  readonly method: MethodName;
  /** True where it is offered and accepted: it is set up, and not switched off. */
  readonly on: boolean;
  /** True where its secret is kept, if it has one. */
  readonly hasSecret: boolean;
  /** Active authenticators, or sets of backup codes with one unused. */
  readonly enrolled: number;
}

/** What was removed for good. */
export interface PurgeOutcome {
  readonly method: MethodName;
  /** Authenticators, or sets of backup codes. */
  readonly removed: number;
  /** Sets of backup codes whose users have nothing else left. */
  readonly backupCodeSets: number;
}

/** What `duo check` and `method check` find where all is well. */
export interface MethodHealth {
  readonly method: string;
  /** Seconds that the engine's clock is ahead of the service's, where it has one. */
  readonly clockOffset?: number;
}

/** What the policy says of a login that might be. */
export interface PolicyExplanation {
  readonly user: string;
  readonly enabled: boolean;
  /** Why each rule before the deciding one does not match. */
  readonly passed: readonly Mismatch[];
  /** The deciding rule's place in the list, from 0 on; absent where none matches. */
  readonly rule?: number;
  /** Of the deciding rule: seconds that one accepted answer covers. */
  readonly grace?: number;
  /** Those of `passed`, and the deciding one. */
  readonly rules: readonly Rule[];
  readonly say: "require" | "exempt";
  /** Those that count, of those that are on. */
  readonly methods: readonly string[];
  readonly unenrolled: Unenrolled;
  /** Until then who has nothing enrolled is let in with a reminder; absent once that is over. */
  readonly unenrolledBy?: number;
  /** Of those methods. */
  readonly enrolledIn: readonly string[];
  /** In anything at all, also by another spelling of the name. */
  readonly hasEnrolled: boolean;
  /** What all of it comes to. */
  readonly outlook: Outlook;
  /** Undefined where no rule needs them, or they cannot be looked up. */
  readonly groups: readonly string[] | undefined;
}

export interface EnrollOptions extends KeyParameters {
  readonly method: string;
  /** Shown in the authenticator app; the setting, or the host's name, when absent. */
  readonly issuer?: string | undefined;
}

/** A begun enrollment. It holds the secret: it is shown once, and never stored so. */
export interface Enrollment {
  readonly user: string;
  readonly method: string;
  readonly issuer: string;
  /** Base32, for typing by hand. */
  readonly secret: string;
  readonly uri: string;
  readonly expiresAt: number;
  /** The host's own words to whoever enrolls. */
  readonly banner?: string | undefined;
}

export type Confirmation =
  | { readonly status: "active"; readonly backupCodes: readonly string[] }
  /** `clockOffset`: seconds by which the phone is ahead of this host, where that is the cause. */
  | { readonly status: "wrong-code"; readonly clockOffset?: number }
  | { readonly status: "not-begun" };

/** Which of a user's tokens, or of the inventory, is meant. */
export interface TokenChoice {
  readonly method: string;
  /** Any, where it is absent. */
  readonly serial?: string | undefined;
}

/** What became of a token that was to be somebody's, or to be resynchronized. */
export interface TokenOutcome extends VerifyOutcome {
  /** Empty where it has none. */
  readonly serial?: string;
  /** Of who had none before. */
  readonly backupCodes?: readonly string[];
}

/** A token of the inventory. */
export interface TokenSummary {
  readonly method: string;
  readonly serial: string;
  readonly algorithm: string | undefined;
  readonly digits: number | undefined;
  /** In seconds; undefined for one that counts. */
  readonly period: number | undefined;
  readonly addedAt: number;
}

/** A YubiKey that is a user's from now on. */
export interface YubikeyEnrollment {
  readonly user: string;
  /** Its public id. */
  readonly serial: string;
  /** Who judges what it types. */
  readonly judged: "here" | "servers";
  /** For who had none. */
  readonly backupCodes: readonly string[];
}

/** What an invitation is bound to, besides its user. */
export interface InvitationTerms {
  /** In milliseconds; by the settings when absent. */
  readonly lifetime?: number | undefined;
  /** The only host it is good for. */
  readonly host?: string | undefined;
  /** The only network it is good from, in CIDR notation; `local`: from the host itself. */
  readonly network?: string | undefined;
}

/** Without what the code is known by. */
export interface InvitationSummary extends Omit<Invitation, "hash"> {
  readonly status: "open" | "used" | "expired";
}

/** A new one, with its code: told once, and kept as a hash alone. */
export interface NewInvitation extends InvitationSummary {
  readonly code: string;
}

/** Which invitations are meant: those of a user, or one by its id. */
export type InvitationChoice =
  | { readonly user: string; readonly id?: undefined }
  | { readonly id: string; readonly user?: undefined };

export type UserStatus = AccountState;

/** Which users a list wants, in which order, and how many. */
export interface UserQuery extends AccountFilter {
  /**
   * Members of any of these groups of the host. With `unenrolled` also those who have never been
   * here, who come last where the order is not by name.
   */
  readonly groups?: readonly string[] | undefined;
  /** By name where absent. Who logs in meanwhile may be listed twice by last use. */
  readonly sort?: AccountOrder | undefined;
  /** Goes on after this user, who need not be there where the order is by name. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface UserSummary {
  readonly user: string;
  readonly status: UserStatus;
  readonly methods: readonly {
    readonly method: string;
    /** Of a hardware token; absent where there is none. */
    readonly serial?: string;
    readonly status: "active" | "pending" | "disabled";
    readonly enrolledAt: number | undefined;
    readonly lastUsedAt: number | undefined;
  }[];
  readonly backupCodesLeft: number;
  readonly throttledUntil: number | undefined;
  /** Their name at services such as Duo, where an administrator set one. */
  readonly alias: string | undefined;
  /** What an empty answer begins, where they have said so. */
  readonly preferredMethod: string | undefined;
  /** What an administrator has them told once they are in. */
  readonly message: string | undefined;
}

export interface BackupCodeStatus {
  readonly user: string;
  readonly left: number;
  readonly createdAt: number | undefined;
}

export interface ResetOutcome {
  readonly user: string;
  readonly authenticators: number;
  readonly backupCodes: number;
  /** Hardware tokens among them, which are in the inventory again. */
  readonly tokens?: number;
}

/** What became of one of several users; `changed` is false when it was so already. */
export interface UserChange {
  readonly user: string;
  readonly changed: boolean;
}

/** A grace ticket: what one accepted answer covers. */
export interface GraceSummary {
  readonly user: string;
  readonly tty: string;
  /** Empty for a login that comes from no other host. */
  readonly rhost: string;
  readonly service: string;
  readonly method: string;
  readonly since: number;
  readonly until: number;
}

export type AuditVerification =
  | {
      readonly intact: true;
      /** Those that are in the store. */
      readonly events: number;
      readonly head: AuditHead;
      /** Where events were archived: the last of those, when, and how many are still there. */
      readonly archived?: {
        readonly sequence: number;
        readonly at: number;
        readonly leftOver: number;
      };
    }
  | {
      readonly intact: false;
      readonly sequence: number;
      /** "forged": a checkpoint; "archived": a place that was asked for and is in an archive. */
      readonly fault: "missing" | "reordered" | "altered" | "cut-off" | "forged" | "archived";
    };

/** A signed checkpoint: what it says, and the text by which others check it. */
export type AuditCheckpoint = SignedCheckpoint;

/** An archive in the making: its events in order, and last the checkpoint that signs them. */
export type ArchivePart = AuditRecord | { readonly checkpoint: AuditCheckpoint };

/** What left the store. */
export interface Dropped {
  readonly removed: number;
  /** The last event that is archived; 0 where none is. */
  readonly through: number;
}

export interface StatusReport {
  readonly accounts: Readonly<Record<UserStatus, number>>;
  readonly throttled: number;
  readonly tally: readonly AuditTally[];
  /** The last event's place, to keep elsewhere. */
  readonly head: AuditHead;
}

export interface Countersign {
  /**
   * Asks for one answer and judges it. Never throws for what can be a verdict; what the
   * conversation throws is passed on, recorded.
   * @throws Fault `not-permitted` for another user's account
   */
  verify(user: string, origin: Origin, conversation: Conversation): Promise<VerifyOutcome>;

  /**
   * Begins an enrollment. A caller who is not root and has an active authenticator is asked
   * for a fresh code first; the old one works until the new one is confirmed. One who has
   * nothing is asked for an invitation, where the policy says so.
   * @throws Fault `refused` when neither is accepted, or the policy is off
   */
  beginEnrollment(
    user: string,
    options: EnrollOptions,
    conversation: Conversation,
  ): Promise<Enrollment>;
  confirmEnrollment(user: string, method: string, code: string): Promise<Confirmation>;
  /** Drops what was begun, so that cancelling leaves nothing. */
  cancelEnrollment(user: string, method: string): Promise<void>;

  /**
   * Gives a token of the inventory to the user, who shows by its codes that it is in their hand:
   * one, or two in a row where the token has run ahead. Every code counts as an attempt. Asks for
   * a fresh code first, as `beginEnrollment` does; backup codes are made for who has none.
   * @throws Fault `refused`, `usage`; `not-found` to root alone: others are to guess no serial
   */
  enrollToken(
    user: string,
    token: Required<TokenChoice>,
    conversation: Conversation,
  ): Promise<TokenOutcome>;
  /**
   * Finds a token again whose counter has run ahead, by two codes in a row that are not used: one
   * attempt. Of a clock that is off only by root or the owner of the store.
   * @throws Fault `not-found` for who has no such token, `not-permitted`
   */
  resynchronize(
    user: string,
    token: TokenChoice,
    conversation: Conversation,
  ): Promise<TokenOutcome>;

  /** The inventory. @throws Fault `not-permitted` unless root, or the owner of the store */
  listTokens(): AsyncIterable<TokenSummary>;
  /** For good. @throws Fault as `listTokens`; `not-found`, `conflict` for one of several methods */
  removeToken(serial: string, method?: string): Promise<Omit<TokenSummary, "addedAt">>;

  /**
   * Enrolls in a method whose service keeps the authenticator: one challenge, and whoever
   * passes it is enrolled. Asks for a fresh code first, as `beginEnrollment` does.
   * @throws Fault `refused`, `usage` for a method that is not set up or has no service
   */
  enrollByChallenge(
    user: string,
    method: string,
    origin: Origin,
    conversation: Conversation,
  ): Promise<VerifyOutcome>;

  /**
   * Enrolls a YubiKey, beside whatever the user has: asks for a touch of it, and for its keys
   * where neither the inventory nor a validation server has them. Asks for a fresh code first,
   * as `beginEnrollment` does.
   * @param isLocal asks for its keys whatever validation servers there are
   * @throws Fault `refused`, `conflict` for a key that somebody has
   */
  enrollYubikey(
    user: string,
    isLocal: boolean,
    conversation: Conversation,
  ): Promise<YubikeyEnrollment>;

  /**
   * Leave for a user to enroll, where the policy asks for one.
   * @throws Fault `not-permitted`, `usage` for terms that cannot be, `conflict` for who is
   *   enrolled or disabled
   */
  createInvitation(user: string, terms: InvitationTerms): Promise<NewInvitation>;
  /** All there are, without their codes; expired ones for a month. */
  listInvitations(user?: string): AsyncIterable<InvitationSummary>;
  /** How many were open, and are not any more. @throws Fault `not-found` for an id */
  revokeInvitations(choice: InvitationChoice): Promise<number>;

  /**
   * Of one method, of one serial number, or all.
   * @throws Fault `refused` as for `beginEnrollment`, and to oneself where the policy requires it;
   *   `not-found` for a serial number that is none of theirs
   */
  reset(
    user: string,
    method: string | undefined,
    conversation: Conversation,
    serial?: string,
  ): Promise<ResetOutcome>;

  generateBackupCodes(user: string, conversation: Conversation): Promise<readonly string[]>;
  backupCodeStatus(user: string): Promise<BackupCodeStatus>;
  revokeBackupCodes(user: string, conversation: Conversation): Promise<number>;

  /** @throws Fault `not-found` for a group, or a user to go on after, that is not there */
  listUsers(query?: UserQuery): AsyncIterable<UserSummary>;
  showUser(user: string): Promise<UserSummary>;
  /** @throws Fault `not-permitted` unless root, or the owner of a personal store */
  disableUser(user: string): Promise<UserChange>;
  enableUser(user: string): Promise<UserChange>;
  unlockUser(user: string): Promise<UserChange>;
  /** Sets the user's name at services such as Duo, or takes it away. */
  setAlias(user: string, alias: string | undefined): Promise<UserChange>;
  /** What an empty answer of theirs begins; undefined for what the policy says. */
  setPreferredMethod(user: string, method: MethodName | undefined): Promise<UserChange>;
  /** What they are told after each accepted factor. @throws Fault `not-permitted` as `disableUser` */
  setMessage(user: string, message: string | undefined): Promise<UserChange>;

  listMethods(): Promise<readonly MethodState[]>;
  /** Removes everybody's authenticators of a method, and its secret. @throws Fault `usage` */
  purgeMethod(method: string): Promise<PurgeOutcome>;
  /** Keeps a method's secret, sealed; in place of an earlier one. */
  setMethodSecret(method: string, secret: string): Promise<void>;
  /** Asks the method's service whether it takes the secret that is kept. @throws Fault */
  checkMethod(method: string): Promise<MethodHealth>;

  /** @throws Fault `not-permitted` unless root, or the owner of a personal store */
  explainPolicy(user: string, origin: Origin): Promise<PolicyExplanation>;
  /** How a user stands, whatever the policy says. @throws Fault as `explainPolicy` */
  standing(user: string): Promise<Standing>;

  /** Grace tickets of one user, or of all, which only root may see. */
  listTickets(user?: string): AsyncIterable<GraceSummary>;
  /** Ends those; how many there were. */
  revokeTickets(user?: string): Promise<number>;

  /**
   * Begins an import; its id. Nothing is in the store before it is committed.
   * @param isTrial to look at what would come, and no more
   * @throws Fault `not-permitted` unless root, or the owner of a personal store; `conflict`
   */
  beginImport(isTrial: boolean): Promise<string>;
  /** Examines further entries, in their order, and keeps them. Zeroes their secrets. */
  stageImport(id: string, entries: readonly ImportEntry[]): Promise<readonly ImportFinding[]>;
  /**
   * All that was kept comes, or nothing does. Ends the import.
   * @param isPartly leaves out what does not fit any more
   * @param progress called now and then with the number of entries that were added
   */
  commitImport(
    id: string,
    source: ImportSource,
    isPartly: boolean,
    progress?: (entries: number) => void,
  ): Promise<ImportOutcome>;
  /** Ends an import; nothing comes. */
  abandonImport(id: string): Promise<void>;

  listAudit(filter: AuditFilter, last?: number): AsyncIterable<AuditRecord>;
  /**
   * `kept`: places that were noted elsewhere. `progress` is called now and then with the number
   * of events seen.
   */
  verifyAudit(
    kept?: readonly AuditHead[],
    progress?: (events: number) => void,
  ): Promise<AuditVerification>;
  /** Signs where the log ends. */
  checkpointAudit(): Promise<AuditCheckpoint>;
  /** The key by which others check what is signed here, in PEM; made where there is none yet. */
  auditPublicKey(): Promise<string>;
  /**
   * What happened before a time and is in no archive yet, but never the last event; nothing at
   * all where there is none. Removes nothing. @throws Fault `audit-broken`
   */
  archiveAudit(before: number): AsyncIterable<ArchivePart>;
  /**
   * Removes what an archive holds, a little at a time. Its checkpoint's text is the word that the
   * archive is on disk; without one, goes on where a removal was cut short.
   * @throws Fault `conflict` for one that does not fit the log
   */
  dropArchived(checkpoint?: string, progress?: (events: number) => void): Promise<Dropped>;
  /** Whose accounts are not as the policy wants them. @throws Fault as `explainPolicy` */
  auditReport(query: ReportQuery): AsyncIterable<ReportElement>;
  /** `change`: the setting's name, and its new value where it has one. */
  recordSetting(action: "settings-set" | "settings-unset", change: string): Promise<void>;

  status(since: number): Promise<StatusReport>;
  close(): Promise<void>;
}
