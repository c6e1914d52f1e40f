/** A code asked for before anything is changed that a login depends on. */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { Fault } from "../core/fault.ts";
import { letsIn } from "../core/verdict.ts";
import { hasAnything } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { verifyByMethods } from "./verify.ts";

const ROOT = 0;

/**
 * Removing or replacing what one has enrolled takes a fresh code, so that a borrowed
 * session cannot do it. Root is not asked: resetting is what administrators are for.
 * @returns false where there was nothing to ask a code of: see `mustStillHaveNothing`
 * @throws Fault `refused` when the code is not accepted
 */
export async function demandFreshCode(
  parts: EngineParts,
  caller: Caller,
  user: string,
  conversation: Conversation,
): Promise<boolean> {
  if (caller.uid === ROOT) return true;
  // Of a method that is off, too: what one has is not up for change because nobody asks for it.
  if (!(await parts.store.read((view) => hasAnything(view, user)))) return false;
  await conversation.info("This takes a code of the authenticator you have now, or a backup code.");
  const origin = { service: "countersign" };
  const outcome = await verifyByMethods(parts, { user, origin, caller }, conversation);
  if (outcome.fault) throw outcome.fault;
  if (letsIn(outcome.verdict)) return true;
  throw new Fault("refused", "the code was not accepted, so nothing was changed", {
    hint: "wait for the next code, or ask an administrator to reset you",
  });
}

/**
 * In the transaction that makes the change, where nothing was asked: what they have been set up
 * with meanwhile is not up for change without a code of it.
 * @throws Fault `refused`
 */
export async function mustStillHaveNothing(tx: Transaction, user: string): Promise<void> {
  if (!(await hasAnything(tx, user))) return;
  throw new Fault("refused", `${user} has enrolled meanwhile: nothing was changed`, {
    hint: "try again, with a code of it",
  });
}
