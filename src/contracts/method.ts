/** A method judges an answer against what one user has enrolled of it. */
import type { Shape } from "../core/answer.ts";
import type { Fault } from "../core/fault.ts";
import type { LookAhead } from "../core/hotp.ts";
import type { Window } from "../core/totp.ts";
import type { Reason } from "../core/verdict.ts";
import type { RandomBytes } from "./clock.ts";
import type { Conversation } from "./conversation.ts";
import type { ScryptCost, Sealer, SlowHash } from "./sealing.ts";
import type { Origin } from "./service.ts";
import type { StartLimit, Store, Transaction } from "./store.ts";

/** What the engine lends a method. */
export interface MethodParts {
  readonly sealer: Sealer;
  readonly random: RandomBytes;
  readonly slowHash: SlowHash;
  readonly scryptCost: ScryptCost;
  readonly window: Window;
  readonly lookAhead: LookAhead;
}

/** One submitted answer. */
export interface Attempt {
  readonly user: string;
  /** Normalized. */
  readonly code: string;
  /** Milliseconds since the epoch, read while the store's lock was held. */
  readonly at: number;
}

export type Judgement =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: Reason };

/** What every method tells of itself. */
interface Described {
  readonly name: string;
  /** The shapes of answer that are this method's. */
  readonly shapes: readonly Shape[];
  /** True when the user has something of this method that could accept. */
  isEnrolled(tx: Transaction, user: string): Promise<boolean>;
}

/** Judges a code here, within the store's transaction. */
export interface CodeMethod extends Described {
  readonly kind: "code";
  /**
   * Whether a code of its shapes can be one of this method's at all, whoever typed it; every one
   * can where this is absent. It never looks at the user.
   */
  takes?(code: string, store: Store): Promise<boolean>;
  /**
   * Of a code that a service could judge as well: whether it is judged here, whoever the user is.
   * Where this is absent, what the user is enrolled in decides.
   */
  isJudgedHere?(tx: Transaction, code: string): Promise<boolean>;
  /**
   * The slow part of judging, which decides nothing: run outside any transaction, and only
   * while no delay is in force. It takes as long for a user with nothing enrolled.
   */
  prepare?(store: Store, user: string, code: string, parts: MethodParts): Promise<Uint8Array>;
  /** Judges, and spends what is accepted. It takes as long for a user with nothing enrolled. */
  judge(
    tx: Transaction,
    attempt: Attempt,
    parts: MethodParts,
    prepared: Uint8Array | undefined,
  ): Promise<Judgement>;
}

/** What becomes of a login while a method's service is out of reach. */
export const FAIL_MODES = ["secure", "safe"] as const;
export type FailMode = (typeof FAIL_MODES)[number];

/**
 * Has somebody else judge, and takes the time of a person: an approval on a phone, or in a
 * browser. The engine counts the attempt before, and records what comes of it after.
 */
export interface ChallengeMethod extends Described {
  readonly kind: "challenge";
  /** How a person asks for it, and the prompt offers it. None: the shape of an answer says it all. */
  readonly word?: "push" | "browser" | "message";
  /** The command that sets it up: a hint for who finds that it is not. */
  readonly setUp: string;
  /** Whether it cannot be asked without a secret of its own, such as a key at the service. */
  readonly needsSecret: boolean;
  /**
   * True where who has nothing enrolled may enroll at a login, on the way: the service knows who
   * they are. Elsewhere whoever has a password could enroll a device of their own.
   */
  readonly enrollsAtLogin: boolean;
  /** The reason in the log while it cannot be asked; `duo` when absent. */
  readonly outage?: Reason;
  /** How often it may be begun for one user. */
  readonly limit?: StartLimit;
  /** Of several that a user has, the serial number of the one that this answer is of. */
  serialOf?(code: string): string;
  /** `safe`: who is enrolled, and in this alone, is let in when the service cannot be reached. */
  readonly failMode: FailMode;
  /** The user's name at the service, unless an alias was set. */
  nameOf(user: string): string;
  /**
   * Never throws for what is an outcome; throws Fault for what is broken here.
   * What waits for the service or a person's approval is wrapped in `conversation.waiting`.
   */
  challenge(challenge: Challenge, conversation: Conversation): Promise<ChallengeOutcome>;
  /** Loads what the two below need: before this process acts as somebody who may not read it. */
  load(): Promise<void>;
  /** Asks the service whether it takes this secret. @throws Fault */
  check(secret: Buffer): Promise<MethodCheck>;
}

export type Method = CodeMethod | ChallengeMethod;

/** What a challenge is about. */
export interface Challenge {
  readonly user: string;
  /** The user's name at the service. */
  readonly name: string;
  readonly shape: Shape;
  /** What was typed beside the word: the number of a device, or a passcode. */
  readonly code: string;
  readonly origin: Origin;
  /**
   * `challenge`: they are enrolled in this method. `enroll`: they have nothing yet, and may
   * enroll with the service on the way. `none`: the service is asked as for anybody, so that
   * it takes as long, but nobody is challenged and nothing accepts.
   */
  readonly access: "challenge" | "enroll" | "none";
  /** The method's secret, in the clear, empty where there is none; the engine zeroes it afterwards. */
  readonly secret: Buffer;
  /**
   * What is kept of what the user enrolled, in the clear; the engine zeroes it afterwards. Also
   * with access `none`, of who is disabled: what they are shown is to be what it was.
   */
  readonly kept: Buffer | undefined;
  /**
   * Bytes that are always the same for this user, and that nobody else can work out: for what is
   * shown to who has nothing enrolled, so that it looks like what others are shown.
   */
  readonly decoy: Buffer;
}

export interface Approval {
  readonly kind: "approved";
  /** For the audit log, such as which factor was used. */
  readonly detail?: string;
  /** What is to be kept of an enrollment, in the clear; the engine seals it and zeroes it. */
  readonly keep?: Buffer;
  /** The counter that this answer spends here as well. */
  readonly counter?: number;
}

export type ChallengeOutcome =
  | Approval
  | {
      readonly kind: "refused";
      readonly reason: Reason;
      readonly detail?: string;
      /** They left before anybody was asked for anything that could be guessed. */
      readonly noAttempt?: boolean;
    }
  /**
   * `untouched`: certainly nobody was asked for anything, and the service could not be
   * reached at all. Only then a fail mode may count. `noAttempt`: nobody was asked for
   * anything, and it is no doing of whoever logs in.
   */
  | {
      readonly kind: "unavailable";
      readonly fault: Fault;
      readonly untouched: boolean;
      readonly noAttempt: boolean;
    };

export interface MethodCheck {
  /** Seconds that this host's clock is ahead of the service's, where it has one; negative when behind. */
  readonly clockOffset?: number;
}
