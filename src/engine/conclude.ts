/** What a verification comes to, on its way into the audit log and back to the caller. */
import type { Ended } from "../contracts/conversation.ts";
import type { VerifyOutcome } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import type { Reason } from "../core/verdict.ts";
import { issueTicket } from "./grace.ts";
import type { VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { record } from "./record.ts";

/** Records the outcome in the transaction that brought it about. */
export async function conclude(
  tx: Transaction,
  parts: EngineParts,
  request: VerifyRequest,
  outcome: VerifyOutcome,
  detail?: string,
): Promise<VerifyOutcome> {
  const { user, origin, caller } = request;
  const { verdict, reason, method } = outcome;
  const until = verdict === "accept" ? await issueTicket(tx, parts, request, method) : undefined;
  const covers = until === undefined ? undefined : `grace until ${new Date(until).toISOString()}`;
  const words = [detail, covers].filter((each) => each).join("; ");
  const told = { user, verdict, reason, method, origin, ...(words ? { detail: words } : {}) };
  const action = request.enrolls ? "enroll-confirm" : "verify";
  await record(tx, parts, caller, { action, ...told });
  const message = await messageFor(tx, outcome);
  return message === undefined ? outcome : { ...outcome, message };
}

/**
 * What an administrator left for this user. Only for who has proved to be them: earlier it would
 * tell a stranger that there is such an account. Asked for here, since another turn at the store
 * takes a login longer than all the rest of it.
 */
async function messageFor(
  tx: Transaction,
  { verdict, user, method }: VerifyOutcome,
): Promise<string | undefined> {
  // A grace ticket is of no method: they were told by the answer that made it.
  if (verdict !== "accept" || method === undefined) return undefined;
  return (await tx.accounts.find(user))?.message;
}

export function recordAlone(
  parts: EngineParts,
  request: VerifyRequest,
  outcome: VerifyOutcome,
  detail?: string,
): Promise<VerifyOutcome> {
  return parts.store.transact((tx) => conclude(tx, parts, request, outcome, detail));
}

/** No answer was submitted, so no attempt is counted. */
export function unanswered({ user }: VerifyRequest, reason: Ended["kind"]): VerifyOutcome {
  return { verdict: "reject", user: printable(user), reason };
}

/** For an outcome that lets nobody in, recorded or not. */
export async function recordIfPossible(
  parts: EngineParts,
  request: VerifyRequest,
  outcome: VerifyOutcome,
): Promise<void> {
  try {
    await recordAlone(parts, request, outcome);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** What is broken, as an outcome with its fault for root. @throws what is no fault */
export async function unavailable(
  parts: EngineParts,
  request: VerifyRequest,
  error: unknown,
): Promise<VerifyOutcome> {
  if (!(error instanceof Fault)) throw error;
  const reason = reasonOf(error);
  const outcome = { verdict: "unavailable", user: printable(request.user), reason } as const;
  // The transaction is undone. A store that works shall tell of it all the same.
  if (reason !== "store") await recordIfPossible(parts, request, outcome);
  return { ...outcome, fault: error };
}

function reasonOf({ code }: Fault): Reason {
  if (code === "sealed-corrupt") return "key";
  if (code.startsWith("message-")) return "message";
  if (code.startsWith("yubikey-")) return "yubikey";
  return code.startsWith("duo-") || code === "settings-invalid" ? "duo" : "store";
}
