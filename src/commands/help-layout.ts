/** The pages of help: what stands on each, and in which order. */
import type { Command, Interfaces } from "@oclif/core";
import { paragraphs, twoColumns } from "./help-text.ts";
import { flagLabel, flagMeaning, usageOf } from "./help-usage.ts";

/** The root page's groups of commands that are one word. */
const GROUPS: readonly (readonly [title: string, commands: readonly string[]])[] = [
  ["First steps", ["demo", "init", "enroll", "verify", "login"]],
  ["Day by day", ["status", "doctor", "reset", "resync", "import"]],
];

export function rootPage(config: Interfaces.Config): string {
  const own = config.commands.filter(
    ({ hidden, pluginName }) => !hidden && pluginName === config.name,
  );
  const summaries = new Map(own.map((command) => [nameOf(command), command.summary ?? ""]));
  const groups = GROUPS.map(([title, names]) =>
    section(
      title,
      twoColumns(
        names.map((name) => [name, summaries.get(name) ?? ""]),
        COLUMN,
      ),
    ),
  );
  return page(
    `countersign ${config.version}: second-factor authentication for Unix hosts.`,
    "New here? Try: countersign demo. Then: sudo countersign enroll YOUR-LOGIN.",
    ...groups,
    section("Topics, each with commands of its own", twoColumns(topicRows(own), COLUMN)),
    section("Exit status of verify", [
      "  0 accepted, 1 rejected, 2 wrong usage or settings, 3 nothing enrolled,",
      "  4 throttled, 5 unavailable. The line for PAM: countersign help verify",
    ]),
    [
      "countersign COMMAND --help tells more; man countersign tells all.",
      "Completion with the Tab key: countersign autocomplete",
    ].join("\n"),
  );
}

/** Width of the names, so that the groups stand in line. */
const COLUMN = 14;

/** A topic and the words that may follow it. */
function topicRows(commands: readonly Command.Loadable[]): [string, string][] {
  const names = commands.map((command) => nameOf(command).split(" "));
  const topics = Map.groupBy(
    names.filter(({ length }) => length > 1),
    ([topic = ""]) => topic,
  );
  return [...topics].map(([topic, all]) => [topic, all.map(([, word]) => word).join(", ")]);
}

export function topicPage(topic: Interfaces.Topic, config: Interfaces.Config): string {
  const rows = config.commands
    .filter(({ id, hidden }) => id.startsWith(`${topic.name}:`) && !hidden)
    .map((command) => [nameOf(command), command.summary ?? ""] as const);
  return page(
    topic.description ?? topic.name,
    section("Usage", [`  ${config.bin} ${topic.name} COMMAND`]),
    section("Commands", twoColumns(rows)),
    `${config.bin} ${topic.name} COMMAND --help tells more; man ${config.bin} tells all.`,
  );
}

export function commandPage(command: Command.Loadable, config: Interfaces.Config): string {
  const { summary, description, args, flags } = command;
  const fill = (text: string): string => text.replaceAll("<%= config.bin %>", config.bin);
  // A summary over several lines is of no page of ours; without one, the description begins it.
  const [first, ...more] = (description ?? "").split("\n");
  const told = summary === undefined ? more.join("\n") : (description ?? "");
  return page(
    fill(summary ?? first ?? ""),
    section("Usage", usageOf(command, config.bin)),
    paragraphs(fill(told)),
    section(
      "Arguments",
      twoColumns(
        Object.values(args).map(({ name, description = "" }) => [name.toUpperCase(), description]),
      ),
    ),
    section(
      "Flags",
      twoColumns(Object.values(flags).map((flag) => [flagLabel(flag), flagMeaning(flag)])),
    ),
    section("Examples", examplesOf(command).map(fill)),
    statusLine(description ?? ""),
    `More: man ${config.bin}`,
  );
}

/** Where the description has no table of its own. */
function statusLine(description: string): string {
  if (/exit status/i.test(description)) return "";
  return "Exit status: 0 when done, 1 when it failed or was refused, 2 for wrong usage.";
}

function examplesOf({ examples = [] }: Command.Loadable): string[] {
  return examples.flatMap((example, index) => {
    const told = typeof example === "string" ? { description: "", command: example } : example;
    const title = told.description === "" ? [] : [`  ${told.description}:`];
    const lines = told.command.replace(/^\$ /, "").split("\n");
    const gap = index > 0 && title.length > 0 ? [""] : [];
    return [...gap, ...title, ...lines.map((line) => `    ${line}`)];
  });
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`${title}:`, ...lines].join("\n");
}

function page(...parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function nameOf({ id }: { readonly id: string }): string {
  return id.replaceAll(":", " ");
}
