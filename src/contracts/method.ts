/** A method judges an answer against what one user has enrolled of it. */
import type { Answer } from "../core/answer.ts";
import type { Window } from "../core/totp.ts";
import type { Reason } from "../core/verdict.ts";
import type { RandomBytes } from "./clock.ts";
import type { ScryptCost, Sealer, SlowHash } from "./sealing.ts";
import type { Store, Transaction } from "./store.ts";

/** What the engine lends a method. */
export interface MethodParts {
  readonly sealer: Sealer;
  readonly random: RandomBytes;
  readonly slowHash: SlowHash;
  readonly scryptCost: ScryptCost;
  readonly window: Window;
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

export interface Method {
  readonly name: string;
  /** The shape of answer that is this method's. */
  readonly shape: Exclude<Answer["shape"], "malformed">;
  /** True when the user has something of this method that could accept. */
  isEnrolled(tx: Transaction, user: string): Promise<boolean>;
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
