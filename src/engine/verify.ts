/** One verification: one prompt, one answer, one verdict, one audit event. */
import type { Conversation, Reply } from "../contracts/conversation.ts";
import type { Judgement, Method } from "../contracts/method.ts";
import type { Caller, Origin, VerifyOutcome } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { isAccount, throttleKey } from "../core/account.ts";
import { type Answer, readAnswer } from "../core/answer.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { LOCKED_FOREVER } from "../core/throttle.ts";
import type { Reason } from "../core/verdict.ts";
import type { EngineParts } from "./parts.ts";
import { record } from "./record.ts";

/** The same for everyone: it reveals nobody's enrollment (DESIGN.md 6.6). */
export const PROMPT = "Verification code: ";

/** No account has this name. */
const NOBODY = "";

export interface VerifyRequest {
  readonly user: string;
  readonly origin: Origin;
  readonly caller: Caller;
}

/** Asks and judges. What is broken ends in `unavailable`, with the fault for root. */
export async function verify(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const reply = await ask(parts, request, conversation);
  try {
    if (reply.kind === "text") return await judgeAnswer(parts, request, readAnswer(reply.text));
    return await recordUnanswered(parts, request, reply.kind);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const reason = error.code === "sealed-corrupt" ? "key" : "store";
    const outcome = { verdict: "unavailable", user: shown(request.user), reason } as const;
    // The transaction is undone. A store that works shall tell of it all the same.
    if (reason === "key") await recordIfPossible(parts, request, outcome);
    return { ...outcome, fault: error };
  }
}

/** A conversation that dies is recorded like one that ended; its error is for who began it. */
async function ask(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<Reply> {
  try {
    return await conversation.promptSecret(PROMPT);
  } catch (error) {
    const reason = "end-of-input";
    const outcome = { verdict: "reject", user: shown(request.user), reason } as const;
    await recordIfPossible(parts, request, outcome);
    throw error;
  }
}

/** For an outcome that lets nobody in, recorded or not. */
async function recordIfPossible(
  parts: EngineParts,
  request: VerifyRequest,
  outcome: VerifyOutcome,
): Promise<void> {
  try {
    await parts.store.transact((tx) => conclude(tx, parts, request, outcome));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** No answer was submitted, so no attempt is counted. */
function recordUnanswered(
  parts: EngineParts,
  request: VerifyRequest,
  reason: Exclude<Reply["kind"], "text">,
): Promise<VerifyOutcome> {
  const outcome = { verdict: "reject", user: shown(request.user), reason } as const;
  return parts.store.transact((tx) => conclude(tx, parts, request, outcome));
}

async function judgeAnswer(
  parts: EngineParts,
  request: VerifyRequest,
  answer: Answer,
): Promise<VerifyOutcome> {
  const method = parts.methods.find(({ shape }) => shape === answer.shape);
  const prepared = await prepare(parts, request, answer, method);
  return parts.store.transact(async (tx) => {
    const outcome = await decide(tx, parts, request, answer, method, prepared);
    return conclude(tx, parts, request, outcome);
  });
}

/** What is slow is not done for an answer that would be refused unread. */
async function prepare(
  parts: EngineParts,
  { user }: VerifyRequest,
  answer: Answer,
  method: Method | undefined,
): Promise<Uint8Array | undefined> {
  if (!method?.prepare || answer.shape === "malformed") return undefined;
  const { store, clock, policy } = parts;
  const retryAt = await store.read((view) =>
    view.attempts.retryAt(throttleKey(user), clock.now(), policy.throttle),
  );
  return retryAt === undefined ? method.prepare(store, user, answer.code, parts) : undefined;
}

/** Counts the attempt, then judges it: in this order, in one transaction (DESIGN.md 6.2). */
async function decide(
  tx: Transaction,
  parts: EngineParts,
  request: VerifyRequest,
  answer: Answer,
  method: Method | undefined,
  prepared: Uint8Array | undefined,
): Promise<VerifyOutcome> {
  const user = shown(request.user);
  const key = throttleKey(request.user);
  const at = parts.clock.now();
  await tx.attempts.sweep(at, parts.policy.throttle);
  const admission = await tx.attempts.count(key, at, parts.policy.throttle);
  if (!admission.admitted) return throttled(user, admission.retryAt);

  const judgement = await judge(tx, parts, request.user, answer, method, at, prepared);
  const named = method ? { method: method.name } : {};
  if (judgement.accepted) {
    await tx.attempts.clear(key);
    return { verdict: "accept", user, ...named };
  }
  const enrolled = await isEnrolled(tx, parts, request.user);
  if (judgement.reason !== "disabled" && !enrolled) {
    return unenrolled(tx, parts, request.user, key);
  }
  return { verdict: "reject", user, ...named, reason: judgement.reason };
}

async function judge(
  tx: Transaction,
  parts: EngineParts,
  user: string,
  answer: Answer,
  method: Method | undefined,
  at: number,
  prepared: Uint8Array | undefined,
): Promise<Judgement> {
  const disabled = (await tx.accounts.find(user))?.disabledAt !== undefined;
  const barred = !isAccount(user) ? "account-invalid" : disabled ? "disabled" : undefined;
  if (answer.shape === "malformed" || !method) return refused(barred ?? "malformed");
  // Judged against nobody's: it takes as long, and spends nothing.
  const judged = barred === undefined ? user : NOBODY;
  const judgement = await method.judge(
    tx,
    { user: judged, code: answer.code, at },
    parts,
    prepared,
  );
  return barred === undefined ? judgement : refused(barred);
}

/**
 * Refused, unless the setting lets pass whoever has nothing enrolled. Another spelling of
 * an enrolled name never passes so: it may be the same account to the host.
 */
async function unenrolled(
  tx: Transaction,
  parts: EngineParts,
  user: string,
  key: string,
): Promise<VerifyOutcome> {
  const allowed =
    parts.policy.unenrolled === "allow" &&
    isAccount(user) &&
    !(await tx.accounts.isAnySpellingEnrolled(key));
  if (!allowed) return { verdict: "unenrolled", user: shown(user), reason: "not-enrolled" };
  await tx.attempts.clear(key);
  return { verdict: "exempt", user: shown(user), reason: "unenrolled-allowed" };
}

async function isEnrolled(tx: Transaction, parts: EngineParts, user: string): Promise<boolean> {
  let enrolled = false;
  for (const method of parts.methods) enrolled = (await method.isEnrolled(tx, user)) || enrolled;
  return enrolled;
}

async function conclude(
  tx: Transaction,
  parts: EngineParts,
  { user, origin, caller }: VerifyRequest,
  outcome: VerifyOutcome,
): Promise<VerifyOutcome> {
  const { verdict, reason, method } = outcome;
  await record(tx, parts, caller, { action: "verify", user, verdict, reason, method, origin });
  return outcome;
}

function throttled(user: string, retryAt: number): VerifyOutcome {
  const reason: Reason = retryAt === LOCKED_FOREVER ? "locked" : "too-many-failures";
  return { verdict: "throttled", user, reason, retryAt };
}

function refused(reason: Reason): Judgement {
  return { accepted: false, reason };
}

function shown(user: string): string {
  return printable(user);
}
