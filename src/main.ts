/**
 * Where the command line begins. What every login waits for (`verify`, `login`), and what was
 * rendered when this was built (help, version), goes past oclif: loading it takes four
 * times as long as starting Node.
 */
import { readFileSync } from "node:fs";
import { throughDaemon } from "./client/door.ts";
import { helpRequest } from "./commands/help-pages.ts";
import { PROTOCOL, verifyFromArguments } from "./commands/verify-run.ts";
import { say, sayText } from "./terminal/output.ts";

const root = new URL("..", import.meta.url);

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
    say(`countersign ${version()}`);
    return;
  }
  const page = helpRequest(args, new URL("help/", import.meta.url));
  if (page !== undefined) {
    sayText(page);
    return;
  }
  if (args[0] === "verify") {
    process.exitCode = await verify(args.slice(1));
    return;
  }
  if (args[0] === "login") {
    const { logIn } = await import("./commands/login-run.ts");
    process.exitCode = await logIn(args.slice(1));
    return;
  }
  // oclif does not even load for a uid without a passwd entry: that is told in our own words.
  const { callerOfThisProcess } = await import("./client/caller.ts");
  callerOfThisProcess();
  const { runCommand } = await import("./commands/dispatch.ts");
  process.exitCode = await runCommand(args, root);
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

await main(process.argv.slice(2)).catch(async (error: unknown) => {
  const { report } = await import("./terminal/report.ts");
  process.exitCode = report(error);
});
