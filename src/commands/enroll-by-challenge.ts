/** Enrollment with a service that keeps the authenticator: one challenge, and whoever passes it is in. */
import type { DuoMethod } from "../client/duo.ts";
import type { Countersign, VerifyOutcome } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { EXIT_STATUS } from "../core/verdict.ts";
import { say, sayJson } from "../terminal/output.ts";
import { terminalConversation } from "../terminal/prompt.ts";
import { report } from "../terminal/report.ts";
import { retryAfter, tellRefusal } from "./refusal.ts";

/** The flags of `enroll` that count for a challenge: all others are for an app's codes. */
const OWN_FLAGS = ["method", "json"];

/** @throws Fault `usage` for flags that somebody gave in vain */
export function demandOwnFlags(method: DuoMethod, given: readonly string[]): void {
  const foreign = given.filter((flag) => !OWN_FLAGS.includes(flag));
  if (foreign.length === 0) return;
  throw new Fault(
    "usage",
    `--${foreign[0]} is for --method totp: Duo keeps what ${method} enrolls`,
    { hint: "countersign help enroll" },
  );
}

/** @returns the exit status, by the table of verdicts */
export async function enrollByChallenge(
  service: Countersign,
  user: string,
  method: DuoMethod,
  json: boolean,
): Promise<number> {
  const origin = { service: "countersign" };
  try {
    const outcome = await service.enrollByChallenge(user, method, origin, terminalConversation());
    // Exempt by a rule lets in, and enrolls nobody.
    const isEnrolled = outcome.verdict === "accept";
    if (!isEnrolled) tellRefusal(outcome);
    if (json) sayJson(document(outcome, user, method));
    else if (isEnrolled) {
      // A new set would kill the codes they have.
      const { backupCodesLeft } = await service.showUser(user);
      say(...enrolled(user, method, backupCodesLeft === 0));
    }
    return EXIT_STATUS[outcome.verdict === "exempt" ? "unenrolled" : outcome.verdict];
  } catch (error) {
    // Duo out of reach is a verdict of a login, and no failure of the command's.
    if (!(error instanceof Fault && error.code.startsWith("duo-"))) throw error;
    report(error);
    if (json) sayJson({ verdict: "unavailable", user, method });
    return EXIT_STATUS.unavailable;
  }
}

function document(outcome: VerifyOutcome, user: string, method: DuoMethod): object {
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

function enrolled(user: string, method: DuoMethod, needsCodes: boolean): string[] {
  const word = method === "duo-push" ? "push" : "browser";
  return [
    `${user} is enrolled in ${method}.`,
    `To try it, answer "${word}" to: countersign verify ${user}`,
    ...(needsCodes
      ? [`For when the phone is not at hand: countersign backup-code generate ${user}`]
      : []),
  ];
}
