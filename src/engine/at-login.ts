/**
 * A login whose first factor is known to be right, of somebody who has nothing enrolled: they are
 * reminded, or set up on the spot. Everybody else is asked as anywhere.
 *
 * Elsewhere none of this is said or shown: it would tell whoever guesses passwords whose account
 * has no second factor, and hand them one without any password at all.
 */
import type { Conversation } from "../contracts/conversation.ts";
import type { VerifyOutcome } from "../contracts/service.ts";
import { throttleKey } from "../core/account.ts";
import { enrollmentReminder } from "../core/enrollment-words.ts";
import { type Demand, outlook } from "../core/policy/outlook.ts";
import { printable } from "../core/printable.ts";
import { conclude, recordAlone, recordIfPossible, unanswered, unavailable } from "./conclude.ts";
import { canEnrollHere, enrollAtLogin } from "./enroll-at-login.ts";
import { throttled, type VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { look } from "./policy.ts";
import { isInvitationAsked, type Presented, presentInvitation } from "./present-invitation.ts";

const ROOT = 0;

/** Root's word, such as the PAM module's; or the user's own process, which is in already. */
export function isFirstFactorRight({ user, caller, origin }: VerifyRequest): boolean {
  return origin.enrolls !== undefined && (caller.uid === ROOT || caller.login === user);
}

/** What the policy asks of this login, and the engine as it may use it. */
export interface Asked {
  readonly parts: EngineParts;
  readonly demand: Demand;
}

/**
 * @param whole the engine by the policy as a whole
 * @returns how it ended, or the request to be asked about as anywhere
 * @throws what the conversation throws
 */
export async function atLogin(
  whole: EngineParts,
  { parts, demand }: Asked,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome | VerifyRequest> {
  const died: unknown[] = [];
  try {
    return await setUp(whole, { parts, demand }, request, noting(conversation, died));
  } catch (error) {
    if (!died.includes(error)) return unavailable(parts, request, error);
    await recordIfPossible(parts, request, unanswered(request, "end-of-input"));
    throw error;
  }
}

/**
 * A user's own process says by itself where it comes from: it is not to pick the one rule that
 * asks for no invitation.
 * @param whole the engine by the policy as a whole
 */
export async function mustPresent(
  whole: EngineParts,
  { caller, user }: VerifyRequest,
): Promise<boolean> {
  return caller.uid !== ROOT && !caller.ownsStore && isInvitationAsked(whole, user);
}

async function setUp(
  whole: EngineParts,
  { parts, demand }: Asked,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome | VerifyRequest> {
  const told = await parts.store.read(async (view) =>
    outlook(demand, await look(view, parts, request.user)),
  );
  if (told === "reminded") return remind(parts, demand, request, conversation);
  if (told !== "enroll" && told !== "invite") return request;
  const mustBeInvited = told === "invite" || (await mustPresent(whole, request));
  if (!mustBeInvited) return enroll(parts, request, conversation);
  const where = { isKnown: request.caller.uid === ROOT };
  const presented = await presentInvitation(parts, request, conversation, where);
  if (presented.kind !== "open") return recordAlone(parts, request, refusalOf(request, presented));
  return enroll(parts, { ...request, invitation: presented.id }, conversation);
}

/** Where Duo alone counts, its own enrollment is behind the prompt that everybody gets. */
async function enroll(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome | VerifyRequest> {
  return canEnrollHere(parts) ? enrollAtLogin(parts, request, conversation) : request;
}

/** Let in, for the time being: unless somebody has enrolled them meanwhile. */
async function remind(
  parts: EngineParts,
  demand: Demand,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome | VerifyRequest> {
  const { user } = request;
  const { by = 0 } = demand;
  const outcome = await parts.store.transact(async (tx): Promise<VerifyOutcome | undefined> => {
    if (outlook(demand, await look(tx, parts, user)) !== "reminded") return undefined;
    const { throttle } = parts.policy;
    const retryAt = await tx.attempts.retryAt(throttleKey(user), parts.clock.now(), throttle);
    const told: VerifyOutcome =
      retryAt === undefined
        ? { verdict: "exempt", user: printable(user), reason: "unenrolled-until" }
        : throttled(user, retryAt);
    return conclude(tx, parts, request, told, `by ${new Date(by).toISOString()}`);
  });
  if (outcome?.verdict === "exempt")
    await conversation.info(parts.policy.texts.reminder ?? enrollmentReminder(by));
  return outcome ?? request;
}

function refusalOf(
  request: VerifyRequest,
  presented: Exclude<Presented, { readonly kind: "open" }>,
): VerifyOutcome {
  if (presented.kind === "throttled") return throttled(request.user, presented.retryAt);
  if (presented.kind === "ended") return unanswered(request, presented.by);
  return { verdict: "reject", user: printable(request.user), reason: "wrong-invitation" };
}

/** The same conversation; `died` is told of every error that is its own. */
function noting(conversation: Conversation, died: unknown[]): Conversation {
  const noted = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      died.push(error);
      throw error;
    });
  return {
    prompt: (text) => noted(conversation.prompt(text)),
    promptSecret: (text) => noted(conversation.promptSecret(text)),
    info: (text) => noted(conversation.info(text)),
    error: (text) => noted(conversation.error(text)),
    open: (url) => noted(conversation.open(url)),
    waiting: (work) => conversation.waiting(work),
  };
}
