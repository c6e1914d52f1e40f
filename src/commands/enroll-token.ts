/** Giving a hardware token of the inventory: no secret is shown, its codes are asked for. */
import type { Countersign, TokenChoice, TokenOutcome } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { EXIT_STATUS } from "../core/verdict.ts";
import { say, sayJson } from "../terminal/output.ts";
import { report } from "../terminal/report.ts";
import { conversationFor } from "./conversation.ts";
import { retryAfter, tellRefusal } from "./refusal.ts";
import { backupCodeLines } from "./words.ts";

/** Flags of `enroll` that count for a token: it has all else within it. */
const OWN_FLAGS = ["method", "serial", "code-stdin", "json"];

/** @throws Fault `usage` for flags that somebody gave in vain */
export function demandTokenFlags(given: readonly string[]): void {
  const foreign = given.find((flag) => !OWN_FLAGS.includes(flag));
  if (foreign === undefined) return;
  throw new Fault("usage", `--${foreign} is for what is made here: a token has its own key`, {
    hint: "countersign help enroll",
  });
}

/** @returns the exit status, by the table of verdicts */
export async function enrollToken(
  service: Countersign,
  user: string,
  token: Required<TokenChoice>,
  { json, codeStdin }: { readonly json: boolean; readonly codeStdin: boolean },
): Promise<number> {
  const outcome = await service.enrollToken(user, token, conversationFor(codeStdin));
  const { verdict, backupCodes = [] } = outcome;
  if (verdict !== "accept") tellTokenRefusal(outcome, "the codes do not fit");
  if (json) sayJson(tokenDocument(outcome, { status: "active", backupCodes }));
  else if (verdict === "accept") {
    say(
      `${user} now has the ${token.method} token ${printable(token.serial ?? "")}.`,
      `To try it, with its next code: countersign verify ${user}`,
      ...(backupCodes.length === 0 ? [] : ["", ...backupCodeLines(backupCodes)]),
    );
  }
  return EXIT_STATUS[verdict];
}

/** What was wrong with the codes is for the log, and for root in the document. */
export function tellTokenRefusal(outcome: TokenOutcome, what: string): void {
  const hint = "two codes in a row, in their order, that were not used";
  if (outcome.verdict === "throttled") tellRefusal(outcome);
  else if (outcome.reason === "cancelled") {
    report(new Fault("refused", "cancelled: nothing was changed"));
  } else report(new Fault("refused", `${what}: nothing was changed`, { hint }));
}

/** @param done what is told where it was accepted */
export function tokenDocument(outcome: TokenOutcome, done: object): object {
  const { verdict, user, method, serial = "", reason, retryAt } = outcome;
  const token = { user, method, ...(serial === "" ? {} : { serial }) };
  if (verdict === "accept") return { ...token, ...done };
  return {
    ...{ verdict, ...token },
    ...(retryAt === undefined ? {} : { retryAfter: retryAfter(outcome) }),
    ...(reason === undefined ? {} : { reason }),
  };
}
