/** Checks that a command line written for people is one that countersign understands. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/commands/index.ts";
import { settingSchemas } from "../../src/settings/schema.ts";
import { validate } from "../../src/settings/validate.ts";

/** Flags as the tests look at them. */
export interface FlagFacts {
  readonly type: string;
  readonly options?: readonly string[];
}

/** The command's flags by name, or undefined for no command of ours. */
export function flagsOf(name: string): Readonly<Record<string, FlagFacts>> | undefined {
  const found = Object.entries(COMMANDS).find(([id]) => id.replaceAll(":", " ") === name);
  if (found === undefined) return undefined;
  return (found[1].flags ?? {}) as Readonly<Record<string, FlagFacts>>;
}

/** Of the plugins, whose commands are not ours. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  autocomplete: ["refresh-cache"],
  help: [],
};

/** Fails when the line calls countersign with a command, flag or value that it does not have. */
export function checkLine(line: string): void {
  for (const part of line.split(/[|;]\s/)) {
    const call = /(?:^|[\s$#/])countersign (.*)$/.exec(part.trim())?.[1];
    if (call !== undefined && !part.includes("command -v")) checkCall(call, line);
  }
}

function checkCall(call: string, line: string): void {
  const [own = ""] = call.split(" -- ");
  const words = own.split(/\s+/);
  const first = words[0] ?? "";
  if (first === "COMMAND" || first === "--version") return;
  const foreign = FOREIGN[first];
  const name = flagsOf(`${first} ${words[1]}`) ? `${first} ${words[1]}` : first;
  const flags = flagsOf(name);
  assert.ok(flags ?? foreign, `no such command: ${line}`);
  for (const [at, word] of words.entries()) {
    if (!word.startsWith("--")) continue;
    const flag = word.slice(2);
    assert.ok(flags?.[flag] ?? foreign?.includes(flag), `no such flag ${word}: ${line}`);
    const { options } = flags?.[flag] ?? {};
    if (options) assert.ok(options.includes(words[at + 1] ?? ""), `no such value: ${line}`);
  }
  if (name.startsWith("config ") && words[2]) checkSetting(words[2], words[3], line);
}

function checkSetting(name: string, value: string | undefined, line: string): void {
  const found = settingSchemas().find((setting) => setting.name === name);
  assert.ok(found, `no such setting: ${line}`);
  if (value === undefined) return;
  const typed = found.schema.type === "integer" ? Number(value) : value;
  assert.equal(validate(found.schema, typed), undefined, line);
}
