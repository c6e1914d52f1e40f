/** How a failure reads: one line that says what happened, one that says what to do. */
import { errnoOf, Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";

const LINE_LIMIT = 400;

/** Prints a failure to standard error; the exit status it means. Never a stack trace. */
export function report(error: unknown): number {
  // Whoever read our output has gone away: nobody is left to be told.
  if (errnoOf(error) === "EPIPE") return 1;
  if (!(error instanceof Fault)) {
    const message = error instanceof Error ? error.message : String(error);
    print(`internal error: ${message}`, "report it, with the command that led to it");
    return 1;
  }
  print(error.message, error.hint);
  return error.code === "usage" ? 2 : 1;
}

function print(message: string, hint: string | undefined): void {
  process.stderr.write(`error: ${printable(message, LINE_LIMIT)}\n`);
  if (hint) process.stderr.write(`try: ${printable(hint, LINE_LIMIT)}\n`);
}
