/** Enrollment by one challenge: whoever passes it, at Duo or with the code of a message, is in. */
import type { DuoMethod } from "../client/duo.ts";
import type { Conversation } from "../contracts/conversation.ts";
import type { Countersign, VerifyOutcome } from "../contracts/service.ts";
import { ADDRESS_PROMPT } from "../core/enrollment-words.ts";
import { Fault } from "../core/fault.ts";
import { EXIT_STATUS } from "../core/verdict.ts";
import { say, sayJson } from "../terminal/output.ts";
import { terminalConversation } from "../terminal/prompt.ts";
import { report } from "../terminal/report.ts";
import { retryAfter, tellRefusal } from "./refusal.ts";

export type ByChallenge = DuoMethod | "message";

/** The flags of `enroll` that count for a challenge: all others are for an app's codes. */
const OWN_FLAGS: Readonly<Record<ByChallenge, readonly string[]>> = {
  "duo-push": ["method", "json"],
  "duo-prompt": ["method", "json"],
  message: ["method", "json", "address"],
};

/** What each is answered at a prompt. */
const WORDS: Readonly<Record<ByChallenge, string>> = {
  "duo-push": "push",
  "duo-prompt": "browser",
  message: "message",
};

/** @throws Fault `usage` for flags that somebody gave in vain */
export function demandOwnFlags(method: ByChallenge, given: readonly string[]): void {
  const foreign = given.find((flag) => !OWN_FLAGS[method].includes(flag));
  if (foreign === undefined) return;
  const owner = foreign === "address" ? "message" : "totp";
  const why =
    method === "message" ? "codes that are sent have none" : `Duo keeps what ${method} enrolls`;
  throw new Fault("usage", `--${foreign} is for --method ${owner}: ${why}`, {
    hint: "countersign help enroll",
  });
}

/** @returns the exit status, by the table of verdicts */
export async function enrollByChallenge(
  service: Countersign,
  user: string,
  method: ByChallenge,
  { json, address }: { readonly json: boolean; readonly address: string | undefined },
): Promise<number> {
  const origin = { service: "countersign" };
  const conversation = addressing(terminalConversation(), address);
  try {
    const outcome = await service.enrollByChallenge(user, method, origin, conversation);
    // Exempt by a rule lets in, and enrolls nobody.
    const isEnrolled = outcome.verdict === "accept";
    if (!isEnrolled) tellEnd(outcome, method);
    if (json) sayJson(document(outcome, user, method));
    else if (isEnrolled) {
      // A new set would kill the codes they have.
      const { backupCodesLeft } = await service.showUser(user);
      say(...enrolled(user, method, backupCodesLeft === 0));
    }
    return EXIT_STATUS[outcome.verdict === "exempt" ? "unenrolled" : outcome.verdict];
  } catch (error) {
    // Duo out of reach, or a mail server, is a verdict of a login, and no failure of the command's.
    if (!(error instanceof Fault && /^(?:duo|message)-/.test(error.code))) throw error;
    report(error);
    if (json) sayJson({ verdict: "unavailable", user, method });
    return EXIT_STATUS.unavailable;
  }
}

/** Who has cancelled knows it; of Duo it is the phone that says what came of it. */
function tellEnd(outcome: VerifyOutcome, method: ByChallenge): void {
  if (method === "message" && outcome.reason === "cancelled") {
    report(new Fault("refused", "cancelled: nothing was changed"));
  } else tellRefusal(outcome);
}

/** The address is answered where it was given, and asked for where not. */
function addressing(conversation: Conversation, address: string | undefined): Conversation {
  if (address === undefined) return conversation;
  return {
    ...conversation,
    prompt: async (text) =>
      text === ADDRESS_PROMPT ? { kind: "text", text: address } : conversation.prompt(text),
  };
}

function document(outcome: VerifyOutcome, user: string, method: ByChallenge): object {
  const { verdict, reason, retryAt } = outcome;
  if (verdict === "accept") return { user, method, status: "active" };
  return {
    verdict,
    user,
    method,
    ...(retryAt === undefined ? {} : { retryAfter: retryAfter(outcome) }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function enrolled(user: string, method: ByChallenge, needsCodes: boolean): string[] {
  return [
    `${user} is enrolled in ${method}.`,
    `To try it, answer "${WORDS[method]}" to: countersign verify ${user}`,
    ...(needsCodes
      ? [`For when the phone is not at hand: countersign backup-code generate ${user}`]
      : []),
  ];
}
