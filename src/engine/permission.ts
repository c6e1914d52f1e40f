/** What a caller may do. The kernel's uid decides, and nothing a client says. */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller } from "../contracts/service.ts";
import { isAccount } from "../core/account.ts";
import { Fault } from "../core/fault.ts";
import { letsIn } from "../core/verdict.ts";
import { isEnrolled } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { verify } from "./verify.ts";

const ROOT = 0;

/** @throws Fault `not-permitted` unless the caller is root or owns the store */
export function mayAdminister(caller: Caller): void {
  if (caller.uid === ROOT || caller.ownsStore) return;
  throw new Fault("not-permitted", "only root may do this", { hint: "run it with sudo" });
}

/** @throws Fault `not-permitted` for another's account, `account-invalid` for no name */
export function mayActOn(caller: Caller, user: string): void {
  if (!isAccount(user)) {
    throw new Fault("account-invalid", "this is no account name", {
      hint: "give the login name, as getent passwd shows it",
    });
  }
  mayReach(caller, user);
}

/**
 * The same for a name as it comes: a verification answers for names that are none, too.
 * @throws Fault `not-permitted` for another's account
 */
export function mayReach(caller: Caller, user: string): void {
  if (caller.uid === ROOT || caller.ownsStore || caller.login === user) return;
  throw new Fault("not-permitted", "only root may act on another user's account", {
    hint: "run it with sudo",
  });
}

/**
 * Removing or replacing what one has enrolled takes a fresh code, so that a borrowed
 * session cannot do it. Root is not asked: resetting is what administrators are for.
 * @throws Fault `refused` when the code is not accepted
 */
export async function demandFreshCode(
  parts: EngineParts,
  caller: Caller,
  user: string,
  conversation: Conversation,
): Promise<void> {
  if (caller.uid === ROOT) return;
  if (!(await parts.store.read((view) => isEnrolled(view, parts, user)))) return;
  await conversation.info("This takes a code of the authenticator you have now, or a backup code.");
  const origin = { service: "countersign" };
  const outcome = await verify(parts, { user, origin, caller }, conversation);
  if (outcome.fault) throw outcome.fault;
  if (letsIn(outcome.verdict)) return;
  throw new Fault("refused", "the code was not accepted, so nothing was changed", {
    hint: "wait for the next code, or ask an administrator to reset you",
  });
}
