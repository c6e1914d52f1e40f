/** Who runs this process, by the kernel's word (DESIGN.md 6.7). */
import { userInfo } from "node:os";
import type { Caller } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";

/** The caller of an engine in this process. */
export function callerOfThisProcess(): Caller & { readonly home: string } {
  caller ??= look();
  return caller;
}

/** Kept from the first look: userInfo() goes by the effective uid, which root's engine changes. */
let caller: (Caller & { readonly home: string }) | undefined;

function look(): Caller & { readonly home: string } {
  try {
    const { uid, username, homedir } = userInfo();
    return { uid, login: username, ownsStore: true, home: homedir };
  } catch (cause) {
    throw new Fault("account-invalid", "this uid has no passwd entry", {
      hint: "run it as a user of this host",
      cause,
    });
  }
}

/**
 * The account a command acts on: the one named, or the caller's own. Under sudo the caller
 * is root while a person means themselves, so there it must be named.
 * @throws Fault `usage`
 */
export function accountMeant(named: string | undefined, caller: Caller): string {
  if (named !== undefined) return named;
  if (caller.uid === 0 && process.env.SUDO_UID !== undefined && process.env.SUDO_UID !== "0") {
    throw new Fault("usage", "under sudo the user must be named", {
      hint: "add the login name, such as: alice",
    });
  }
  return caller.login;
}
