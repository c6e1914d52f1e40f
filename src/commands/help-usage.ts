/** How a command is called: its usage line and its flags, from what oclif knows of it. */
import type { Command } from "@oclif/core";
import { fillLines, HELP_COLUMNS } from "./help-text.ts";

type Flag = Command.Loadable["flags"][string];

/** `--digits 6|8`, `--issuer NAME`, `--json`. */
export function flagLabel(flag: Flag): string {
  return flag.type === "boolean" ? `--${flag.name}` : `--${flag.name} ${valueName(flag)}`;
}

/** What it is for, and its default. */
export function flagMeaning(flag: Flag): string {
  const meaning = flag.summary ?? flag.description ?? "";
  if (flag.type === "boolean" || typeof flag.default !== "string") return meaning;
  return `${meaning} (default: ${flag.default})`;
}

export function usageOf(command: Command.Loadable, bin: string): string[] {
  const indent = "      ";
  const written = command.usage === undefined ? [generated(command)] : [command.usage].flat();
  return written.flatMap((usage) =>
    fillLines(`${bin} ${usage}`, indent, HELP_COLUMNS - 2).map((line) => `  ${line}`),
  );
}

function generated({ id, args, flags }: Command.Loadable): string {
  const parts = [
    ...Object.values(args).map(({ name, required }) => optional(name.toUpperCase(), required)),
    ...Object.values(flags)
      .filter(({ hidden }) => !hidden)
      .map((flag) => optional(flagLabel(flag), flag.required)),
  ];
  return [id.replaceAll(":", " "), ...parts].join(" ");
}

function optional(text: string, required = false): string {
  return required ? text : `[${text}]`;
}

function valueName(flag: Flag): string {
  if (flag.type === "boolean") return "";
  const { helpValue, options, name } = flag;
  if (typeof helpValue === "string") return helpValue;
  return options === undefined ? name.toUpperCase() : options.join("|");
}
