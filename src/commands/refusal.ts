/** How a verification that lets nobody in is told, and the exit status it ends with. */
import type { VerifyOutcome } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import { EXIT_STATUS, EXIT_USAGE, type Verdict } from "../core/verdict.ts";
import { report } from "../terminal/report.ts";

/** One sentence for every refusal but throttling: it is not to say what was wrong. */
export function tellRefusal(outcome: VerifyOutcome): void {
  if (outcome.fault) report(outcome.fault);
  else if (outcome.verdict === "throttled") report(throttled(outcome));
  else process.stderr.write(`error: ${printable(outcome.refusal ?? "verification failed")}\n`);
}

/** Whole seconds, never 0: asking again at once would be refused again. */
export function retryAfter({ retryAt }: VerifyOutcome): number {
  return Math.max(1, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
}

/** The verdict that an error amounts to; undefined for usage and settings, where there is none. */
export function verdictOfError(error: unknown): Verdict | undefined {
  if (!(error instanceof Fault)) return "unavailable";
  if (error.code === "usage" || error.code === "settings-invalid") return undefined;
  return error.code === "no-terminal" ? "reject" : "unavailable";
}

/** Nothing could be judged: usage and settings are 2, everything broken is unavailable. */
export function statusOfError(error: unknown): number {
  const verdict = verdictOfError(error);
  return verdict === undefined ? EXIT_USAGE : EXIT_STATUS[verdict];
}

function throttled(outcome: VerifyOutcome): Fault {
  if (outcome.reason === "too-many-challenges") {
    const hint = `again in ${retryAfter(outcome)} s; see message.mostPerHour`;
    return new Fault("refused", "too many messages were asked for", { hint });
  }
  const hint =
    outcome.reason === "locked" ? "ask an administrator" : `again in ${retryAfter(outcome)} s`;
  return new Fault("refused", "too many failed attempts", { hint });
}
