/** One verification: one prompt, one answer, one verdict, one audit event. */
import type { Conversation, Reply } from "../contracts/conversation.ts";
import type { VerifyOutcome } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { readAnswer } from "../core/answer.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { decide, prepare, type Submission, type VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { record } from "./record.ts";

/** The same for everyone: it reveals nobody's enrollment (DESIGN.md 6.6). */
export const PROMPT = "Verification code: ";

/** Asks and judges. What is broken ends in `unavailable`, with the fault for root. */
export async function verify(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const reply = await ask(parts, request, conversation);
  try {
    if (reply.kind === "text") return await submit(parts, request, reply.text);
    return await recordAlone(parts, request, unanswered(request, reply.kind));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const reason = error.code === "sealed-corrupt" ? "key" : "store";
    const outcome = { verdict: "unavailable", user: printable(request.user), reason } as const;
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
    await recordIfPossible(parts, request, unanswered(request, "end-of-input"));
    throw error;
  }
}

async function submit(
  parts: EngineParts,
  request: VerifyRequest,
  typed: string,
): Promise<VerifyOutcome> {
  const answer = readAnswer(typed);
  const method = parts.methods.find(({ shape }) => shape === answer.shape);
  const submission: Submission = { ...request, answer, method };
  const preparation = await prepare(parts, submission);
  if (preparation.refused) return recordAlone(parts, request, preparation.refused);
  return parts.store.transact(async (tx) => {
    const outcome = await decide(tx, parts, submission, preparation.bytes);
    return conclude(tx, parts, request, outcome);
  });
}

/** No answer was submitted, so no attempt is counted. */
function unanswered(
  { user }: VerifyRequest,
  reason: Exclude<Reply["kind"], "text">,
): VerifyOutcome {
  return { verdict: "reject", user: printable(user), reason };
}

function recordAlone(
  parts: EngineParts,
  request: VerifyRequest,
  outcome: VerifyOutcome,
): Promise<VerifyOutcome> {
  return parts.store.transact((tx) => conclude(tx, parts, request, outcome));
}

/** For an outcome that lets nobody in, recorded or not. */
async function recordIfPossible(
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
