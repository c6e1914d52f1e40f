/** Help pages, rendered by oclif when countersign is built and printed as they are. */
import { readFileSync } from "node:fs";

/** The page asked for, or undefined when no page is asked for or it was not rendered. */
export function helpRequest(args: readonly string[], pages: URL): string | undefined {
  const words = args[0] === "help" ? args.slice(1) : args;
  const asked = args[0] === "help" || args.length === 0 || wantsHelp(args);
  if (!asked) return undefined;
  const names = words.filter((word) => !word.startsWith("-"));
  // The longest name that has a page: what follows it is the command's own arguments.
  for (let length = Math.min(names.length, 2); length > 0; length--) {
    const page = read(names.slice(0, length), pages);
    if (page !== undefined) return page;
  }
  return names.length === 0 ? read(["countersign"], pages) : undefined;
}

/** `--help` after `--` belongs to the command that is run on acceptance. */
function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

function read(names: readonly string[], pages: URL): string | undefined {
  if (!names.every((name) => /^[a-z-]+$/.test(name))) return undefined;
  try {
    return readFileSync(new URL(`${names.join(" ")}.txt`, pages), "utf8");
  } catch {
    return undefined;
  }
}
