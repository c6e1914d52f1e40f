/** Runs a command through oclif, and is the one place where a failure becomes an exit status. */
import { Errors, flush } from "@oclif/core";
import { run } from "@oclif/core/run";
import { Fault } from "../core/fault.ts";
import { report } from "../terminal/report.ts";

/** The exit status. Commands that end in one of their own set it by `this.exit`. */
export async function runCommand(args: readonly string[], root: URL): Promise<number> {
  try {
    await run([...args], root.href);
    await flush();
    return 0;
  } catch (error) {
    return conclude(error, args);
  }
}

function conclude(error: unknown, args: readonly string[]): number {
  if (error instanceof Errors.ExitError) return error.oclif.exit ?? 1;
  if (error instanceof Errors.CLIError) return report(toUsageFault(error, args));
  return report(error);
}

/** oclif's own messages are sentences over several lines, the first of which says it. */
function toUsageFault(error: Error, args: readonly string[]): Fault {
  const first = error.message.split("\n")[0] ?? "wrong usage";
  const message = first.charAt(0).toLowerCase() + first.slice(1).replace(/[.:]$/, "");
  const words = args.filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith("-"));
  return new Fault("usage", message, {
    hint: `countersign help ${words.slice(0, 1).join(" ")}`.trim(),
  });
}
