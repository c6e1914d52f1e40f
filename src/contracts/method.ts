/** A method judges an answer against what one user has enrolled of it. */
import type { Answer } from "../core/answer.ts";
import type { Window } from "../core/totp.ts";
import type { Reason } from "../core/verdict.ts";
import type { Clock } from "./clock.ts";
import type { Sealer, SlowHash } from "./sealing.ts";
import type { Transaction } from "./store.ts";

/** What the engine lends a method. */
export interface MethodParts {
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly slowHash: SlowHash;
  readonly window: Window;
}

export type Judgement =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: Reason };

/** An answer made ready for judging: what is slow and needs no decision is done already. */
export type Judge = (tx: Transaction, user: string) => Promise<Judgement>;

export interface Method {
  readonly name: string;
  /** The shape of answer that is this method's. */
  readonly shape: Exclude<Answer["shape"], "malformed">;
  /** True when the user has something of this method that could accept. */
  isEnrolled(tx: Transaction, user: string): Promise<boolean>;
  /**
   * Looks up in `tx` what judging needs beforehand, and returns the slow part, to be run
   * outside any transaction. It takes as long for a user who has nothing enrolled.
   */
  prepare(
    tx: Transaction,
    user: string,
    code: string,
    parts: MethodParts,
  ): Promise<() => Promise<Judge>>;
}
