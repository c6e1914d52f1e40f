/**
 * Where the command line begins. What every login waits for (`verify`, `login`), and what was
 * rendered when this was built (help, version), goes past oclif: loading it takes four
 * times as long as starting Node.
 */
import { readFileSync } from "node:fs";
import { throughDaemon } from "./client/door.ts";
import { helpRequest } from "./commands/help-pages.ts";
import { PROTOCOL, verifyFromArguments } from "./commands/verify-run.ts";
import { EXIT_STATUS } from "./core/verdict.ts";
import { say, sayText } from "./terminal/output.ts";

const root = new URL("..", import.meta.url);

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
    say(`countersign ${version()}`);
    return 0;
  }
  const page = helpRequest(args, new URL("help/", import.meta.url));
  if (page !== undefined) {
    sayText(page);
    return 0;
  }
  if (args[0] === "verify") {
    // At once, and not when Node has taken itself apart: a login would wait for that, too.
    process.exit(await verify(args.slice(1)));
  }
  if (args[0] === "login") {
    const { logIn } = await import("./commands/login-run.ts");
    return logIn(args.slice(1));
  }
  // oclif does not even load for a uid without a passwd entry: that is told in our own words.
  const { callerOfThisProcess } = await import("./client/caller.ts");
  callerOfThisProcess();
  const { runCommand } = await import("./commands/dispatch.ts");
  return runCommand(args, root);
}

/** By the daemon, and where there is none by the engine, which takes longer to load. */
async function verify(args: readonly string[]): Promise<number> {
  const isForModule = args.length === 1 && args[0] === PROTOCOL;
  const status = isForModule ? undefined : await verifyFromArguments(args, throughDaemon);
  if (status !== undefined) return status;
  const { verifyOnEitherSide } = await import("./commands/verify-either-side.ts");
  return verifyOnEitherSide(args);
}

function version(): string {
  return JSON.parse(readFileSync(new URL("package.json", root), "utf8")).version;
}

/** What goes wrong on the way to a verdict is told, and is none. */
async function run(): Promise<void> {
  // Should all come to rest before there is a status, nobody is let in.
  process.exitCode = EXIT_STATUS.unavailable;
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    const { report } = await import("./terminal/report.ts");
    process.exitCode = report(error);
  }
}

void run();
