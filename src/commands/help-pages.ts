/** Help pages, rendered by oclif when countersign is built and printed as they are. */
import { readdirSync, readFileSync } from "node:fs";

/** The page asked for, or undefined when no page is asked for or it was not rendered. */
export function helpRequest(args: readonly string[], pages: URL): string | undefined {
  const isRun = args.length > 1 || args[0]?.startsWith("-");
  if (args[0] !== "help" && isRun && !wantsHelp(args)) return undefined;
  const words = args[0] === "help" ? args.slice(1) : args;
  const names = words.filter((word) => !word.startsWith("-"));
  const rendered = list(pages);
  const page = pageOf(names, rendered);
  if (page === undefined) return undefined;
  // A word alone asks for a page where it names a topic; a command is run.
  const isAlone = args.length === 1 && args[0] === names[0] && args[0] !== "help";
  if (isAlone && !isTopic(page, rendered)) return undefined;
  return readFileSync(new URL(encodeURIComponent(`${page}.txt`), pages), "utf8");
}

/** What follows a command's name is its arguments; what follows a topic's is a wrong command. */
function pageOf(names: readonly string[], rendered: ReadonlySet<string>): string | undefined {
  const [first, second] = names;
  if (first === undefined) return rendered.has("countersign") ? "countersign" : undefined;
  const both = `${first} ${second}`;
  if (rendered.has(both)) return both;
  const isWrong = second !== undefined && isTopic(first, rendered);
  return rendered.has(first) && first !== "countersign" && !isWrong ? first : undefined;
}

function isTopic(page: string, rendered: ReadonlySet<string>): boolean {
  return [...rendered].some((name) => name.startsWith(`${page} `));
}

/**
 * `--help` after `--` belongs to the command that is run on acceptance. Asked for help in the
 * middle of other arguments, `verify` gives none: its exit status would read as an acceptance,
 * and what a script passes on, a name or a host, may read `--help`.
 */
function wantsHelp(args: readonly string[]): boolean {
  if (args[0] === "verify" && args.length > 2) return false;
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

function list(pages: URL): ReadonlySet<string> {
  try {
    return new Set(readdirSync(pages).map((file) => file.replace(/\.txt$/, "")));
  } catch {
    return new Set();
  }
}
