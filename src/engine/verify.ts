/** One verification: one prompt, one answer, one verdict, one audit event. */
import type { Conversation, Reply } from "../contracts/conversation.ts";
import type { ChallengeMethod, CodeMethod } from "../contracts/method.ts";
import type { VerifyOutcome } from "../contracts/service.ts";
import { ANSWER_MAX_LENGTH, type Answer, readAnswer } from "../core/answer.ts";
import { BACKUP_CODE } from "../core/backup-code.ts";
import { letsIn } from "../core/verdict.ts";
import { atLogin, isFirstFactorRight, mustPresent } from "./at-login.ts";
import { judgeByChallenge } from "./challenge.ts";
import { conclude, recordAlone, recordIfPossible, unanswered, unavailable } from "./conclude.ts";
import { passByTicket } from "./grace.ts";
import { decide, prepare, type Submission, type VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { type Ruling, ruleOn } from "./policy.ts";
import { isInvitationAsked } from "./present-invitation.ts";
import { tellMessage } from "./wishes.ts";

const ROOT = 0;

/** The same for everyone: it reveals nobody's enrollment (DESIGN.md 6.6). */
export function promptOf({ methods, policy }: Pick<EngineParts, "methods" | "policy">): string {
  const words = methods.flatMap((method) =>
    method.kind === "challenge" && method.word !== undefined ? [method.word] : [],
  );
  return `${policy.texts.prompt}${words.length > 0 ? ` (or ${words.join(", ")})` : ""}: `;
}

/** As the policy has it. What is broken ends in `unavailable`, with the fault for root. */
export async function verify(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const { message, ...outcome } = await verifyAsRuled(parts, request, conversation);
  if (message !== undefined) await tellMessage(message, conversation);
  const { refusal } = parts.policy.texts;
  // Of a delay the person is told that it is one: waiting is what helps.
  const isSilent = letsIn(outcome.verdict) || outcome.verdict === "throttled";
  return refusal === undefined || isSilent ? outcome : { ...outcome, refusal };
}

async function verifyAsRuled(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  let ruling: Ruling;
  try {
    ruling = await ruleOn(parts, request);
  } catch (error) {
    return unavailable(parts, request, error);
  }
  if (ruling.kind === "exempt") return ruling.outcome;
  const met = isFirstFactorRight(request)
    ? await atLogin(parts, ruling, request, conversation)
    : request;
  if ("verdict" in met) return met;
  const { grace } = ruling;
  let asked: VerifyRequest;
  try {
    asked = { ...met, grace, mustBeInvited: await isHeldToInvitation(parts, ruling, met) };
  } catch (error) {
    return unavailable(parts, request, error);
  }
  if (grace === undefined) return verifyByMethods(ruling.parts, asked, conversation);
  return verifyWithGrace(ruling.parts, asked, conversation);
}

/**
 * Duo enrolls at the prompt that everybody gets, so that it is held to it there: by any rule that
 * asks for an invitation, unless root tells of a login whose own rule sets people up.
 */
async function isHeldToInvitation(
  parts: EngineParts,
  { demand }: Extract<Ruling, { kind: "require" }>,
  request: VerifyRequest,
): Promise<boolean> {
  const enrolls = parts.methods.some(({ kind }) => kind === "challenge");
  if (!enrolls || request.invitation !== undefined) return false;
  if (request.caller.uid !== ROOT) return mustPresent(parts, request);
  return demand.unenrolled !== "enroll" && isInvitationAsked(parts, request.user);
}

/** Asks unless an answer that was accepted before covers this as well. */
async function verifyWithGrace(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  try {
    const passed = await passByTicket(parts, request);
    if (passed) return passed;
  } catch (error) {
    return unavailable(parts, request, error);
  }
  return verifyByMethods(parts, request, conversation);
}

/** Asks and judges, whatever the policy says: no rule lets anybody change an authenticator. */
export async function verifyByMethods(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const reply = await ask(parts, request, conversation);
  try {
    if (reply.kind === "text") return await submit(parts, request, reply.text, conversation);
    return await recordAlone(parts, request, unanswered(request, reply.kind));
  } catch (error) {
    return unavailable(parts, request, error);
  }
}

/** A conversation that dies is recorded like one that ended; its error is for who began it. */
async function ask(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
): Promise<Reply> {
  try {
    return await conversation.promptSecret(promptOf(parts));
  } catch (error) {
    await recordIfPossible(parts, request, unanswered(request, "end-of-input"));
    throw error;
  }
}

async function submit(
  parts: EngineParts,
  request: VerifyRequest,
  typed: string,
  conversation: Conversation,
): Promise<VerifyOutcome> {
  const answer = (await answerPreferred(parts, request.user, typed)) ?? readAnswer(typed);
  const { codes, challenges } = await methodsFor(parts, answer);
  const byChallenge = await challengeFor(parts, request.user, answer, { codes, challenges });
  if (byChallenge === undefined || answer.shape === "malformed") {
    return judgeCode(parts, { ...request, answer, methods: codes });
  }
  return judgeByChallenge(parts, { ...request, answer, method: byChallenge }, conversation);
}

/**
 * What just Enter stands for: the challenge that the user prefers, or the policy where they have
 * not said. Undefined where nothing is preferred that begins so and counts for this login.
 */
async function answerPreferred(
  { methods, policy, store }: EngineParts,
  user: string,
  typed: string,
): Promise<Answer | undefined> {
  if (!/^[ \t\r\n]*$/.test(typed) || typed.length > ANSWER_MAX_LENGTH) return undefined;
  const account = await store.read((view) => view.accounts.find(user));
  const preferred = account?.preferredMethod ?? policy.defaultMethod;
  const method = methods.find(({ name }) => name === preferred);
  const word = method?.kind === "challenge" ? method.word : undefined;
  return word === undefined ? undefined : { shape: word, code: "" };
}

/** Those of the answer's shape, and of the codes those that it can be one of. */
async function methodsFor({ methods, store }: EngineParts, answer: Answer) {
  const able = methods.filter(({ shapes }) => shapes.some((each) => each === answer.shape));
  const code = answer.shape === "malformed" ? "" : answer.code;
  const codes: CodeMethod[] = [];
  for (const method of able) {
    if (method.kind !== "code") continue;
    if (method.takes === undefined || (await method.takes(code, store))) codes.push(method);
  }
  return { codes, challenges: able.filter((method) => method.kind === "challenge") };
}

/**
 * The one that is to judge, unless codes are judged here: where both could, the code itself
 * decides, or what the user is enrolled in. A code that nobody else could judge is not looked up
 * first: another turn at the store takes a login longer than all the rest of it.
 */
async function challengeFor(
  { store }: EngineParts,
  user: string,
  answer: Answer,
  { codes, challenges }: Awaited<ReturnType<typeof methodsFor>>,
): Promise<ChallengeMethod | undefined> {
  const [first] = challenges;
  const isSure = challenges.length + codes.length < 2 || answer.shape === "malformed";
  if (isSure || first === undefined) return first;
  return store.read(async (view) => {
    const here: CodeMethod[] = [];
    for (const method of codes) {
      if ((await method.isJudgedHere?.(view, answer.code)) ?? true) here.push(method);
    }
    let byCode = false;
    for (const method of here) {
      // What is there for when the phone is not at hand is not what somebody enrolled in.
      if (method.name === BACKUP_CODE) continue;
      byCode = method.isJudgedHere !== undefined || (await method.isEnrolled(view, user)) || byCode;
    }
    let found: ChallengeMethod | undefined;
    for (const method of challenges) if (await method.isEnrolled(view, user)) found ??= method;
    if (byCode) return undefined;
    return found ?? (here.length > 0 ? undefined : first);
  });
}

async function judgeCode(parts: EngineParts, submission: Submission): Promise<VerifyOutcome> {
  const preparation = await prepare(parts, submission);
  if (preparation.refused) return recordAlone(parts, submission, preparation.refused);
  return parts.store.transact(async (tx) => {
    const outcome = await decide(tx, parts, submission, preparation.bytes);
    return conclude(tx, parts, submission, outcome);
  });
}
