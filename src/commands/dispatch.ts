/** Runs a command through oclif, and is the one place where a failure becomes an exit status. */
import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type Errors, flush } from "@oclif/core";
import { run } from "@oclif/core/run";
import { Fault } from "../core/fault.ts";
import { report } from "../terminal/report.ts";
import { COMMANDS } from "./index.ts";

/** The exit status. Commands that end in one of their own set it by `this.exit`. */
export async function runCommand(args: readonly string[], root: URL): Promise<number> {
  withhold(process.env);
  try {
    // Never the plugins that HOME or an environment variable names: their code would run as root.
    const only = { root: fileURLToPath(root), userPlugins: false, devPlugins: false };
    await run([...args], only);
    await written();
    return 0;
  } catch (error) {
    return conclude(error, args);
  }
}

/**
 * oclif reads a theme and writes a cache where the environment says. As root it would read
 * and write where another user has planted a fifo or a link (su without -, sudo -E).
 */
function withhold(env: NodeJS.ProcessEnv): void {
  const { uid, homedir } = userInfo();
  for (const name of Object.keys(env)) {
    const isOclifs = /^(COUNTERSIGN|OCLIF)_/.test(name) && name !== "COUNTERSIGN_HOME";
    if (isOclifs || (uid === 0 && name.startsWith("XDG_"))) delete env[name];
  }
  if (uid === 0 && !isRoots(env.HOME)) env.HOME = homedir;
}

/** True for a directory that nobody but root can plant anything in. */
function isRoots(path: string | undefined): boolean {
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === 0 && (found.mode & 0o022) === 0;
}

/** Waits for the output to be out. A reader that has gone away takes no more: that is no error. */
async function written(): Promise<void> {
  if (process.stdout.destroyed) return;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  process.stdout.once("close", resolve).once("error", () => resolve());
  await Promise.race([flush(), gone]);
}

function conclude(error: unknown, args: readonly string[]): number {
  if (!isOclifs(error)) return report(error);
  return error.code === "EEXIT" ? (error.oclif.exit ?? 1) : report(toUsageFault(error, args));
}

/** By its mark and not by its class: the plugins bring an oclif of their own. */
function isOclifs(error: unknown): error is Errors.CLIError {
  return error instanceof Error && "oclif" in error;
}

/** oclif's own messages are headings with what it is about below, and advice at the end. */
function toUsageFault(error: Error, args: readonly string[]): Fault {
  return new Fault("usage", sentence(error.message), { hint: `countersign help ${named(args)}` });
}

function sentence(message: string): string {
  // On a terminal oclif dims parts of it.
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .map((line) => line.trim());
  const [head = "wrong usage", ...details] = lines.filter(
    (line) => line !== "" && !line.startsWith("See more help"),
  );
  // A list of values that does not fit oclif's line goes on in the next, without a name.
  const listed = details.filter((detail) => /^\S+ {2,}/.test(detail));
  const names = (listed.length > 0 ? listed : details).map((detail) =>
    detail.split(" ", 1)[0]?.toUpperCase(),
  );
  const flag = /^Parsing (--\S+)/.exec(head)?.[1];
  if (/^Missing \d+ required arg/.test(head)) return `missing: ${names.join(", ")}`;
  if (flag !== undefined) return `${flag}: ${decapitalize(details[0] ?? "wrong value")}`;
  // What stands behind a flag that there is not may be a code, or a secret.
  if (/^Nonexistent flag/.test(head)) return decapitalize(head.replace(/=.*/, ""));
  const isHeading = head.startsWith("The following error") && details[0] !== undefined;
  const told = isHeading ? (details[0] ?? "") : head;
  return decapitalize(told.replace(/^Missing required flag (?=\w)/, "missing: --"));
}

function decapitalize(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/[.:]$/, "");
}

/** The command's words, without what was given to it. */
function named(args: readonly string[]): string {
  const flag = args.findIndex((word) => word.startsWith("-"));
  const words = args.slice(0, flag < 0 ? 2 : Math.min(flag, 2));
  return words.join(":") in COMMANDS ? words.join(" ") : (words[0] ?? "").trim();
}
