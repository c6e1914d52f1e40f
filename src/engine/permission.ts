/** What a caller may do. The kernel's uid decides, and nothing a client says. */
import type { Caller } from "../contracts/service.ts";
import { isAccount } from "../core/account.ts";
import { Fault } from "../core/fault.ts";

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
