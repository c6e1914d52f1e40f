/** How a user would rather be asked, and what an administrator has them told once they are in. */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller, UserChange } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { isMessage, throttleKey } from "../core/account.ts";
import type { AuditAction } from "../core/audit-chain.ts";
import { Fault } from "../core/fault.ts";
import { METHOD_NAMES } from "../core/method-name.ts";
import { printable } from "../core/printable.ts";
import type { EngineParts } from "./parts.ts";
import { mayActOn, mayAdminister } from "./permission.ts";
import { record } from "./record.ts";

/** One's own, or by root anybody's: it lets nobody in, so it takes no code. */
export async function setPreferredMethod(
  parts: EngineParts,
  caller: Caller,
  user: string,
  name: string | undefined,
): Promise<UserChange> {
  mayActOn(caller, user);
  const method = METHOD_NAMES.find((each) => each === name);
  if (name !== undefined && method === undefined) {
    throw new Fault("usage", `there is no method ${printable(name, 64)}`, {
      hint: METHOD_NAMES.join(", "),
    });
  }
  const apply = (tx: Transaction) => tx.accounts.setPreferredMethod(user, method);
  const told = method === undefined ? { detail: "removed" } : { method };
  return change(parts, caller, { user, action: "user-prefer", ...told }, method, apply);
}

/** The log tells that there is one, and not what it says. */
export async function setMessage(
  parts: EngineParts,
  caller: Caller,
  user: string,
  message: string | undefined,
): Promise<UserChange> {
  mayAdminister(caller);
  mayActOn(caller, user);
  if (message !== undefined && !isMessage(message)) {
    throw new Fault("usage", "this can be no message", {
      hint: "one line of 1 to 200 printable characters, and no space at its ends",
    });
  }
  const apply = (tx: Transaction) => tx.accounts.setMessage(user, message);
  const detail = message === undefined ? "removed" : "set";
  return change(parts, caller, { user, action: "user-message", detail }, message, apply);
}

interface Told {
  readonly user: string;
  readonly action: AuditAction;
  readonly method?: string;
  readonly detail?: string;
}

/** An account is made for who has none yet. */
function change(
  parts: EngineParts,
  caller: Caller,
  told: Told,
  value: string | undefined,
  apply: (tx: Transaction) => Promise<boolean>,
): Promise<UserChange> {
  const { user } = told;
  return parts.store.transact(async (tx) => {
    if (value !== undefined) await tx.accounts.ensure(user, throttleKey(user), parts.clock.now());
    const changed = await apply(tx);
    if (changed) await record(tx, parts, caller, told);
    return { user, changed };
  });
}

/** Says what an administrator left for whoever was let in. */
export async function tellMessage(message: string, conversation: Conversation): Promise<void> {
  try {
    await conversation.info(printable(message));
  } catch {
    // They are in, and that is recorded: what cannot be told them changes nothing of it.
  }
}
