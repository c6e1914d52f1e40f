/** sshd's settings: as sshd itself says them, else as its files do (sshd_config(5)). */
import { globSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Ask } from "./ask-program.ts";
import { readTextFile } from "./text-file.ts";

export interface SshdSettings {
  /** Lower-case names; the first that is set counts, as for sshd. */
  readonly values: ReadonlyMap<string, string>;
  /** True when sshd itself said them. */
  readonly effective: boolean;
  /** Where a Match block sets one of those that were asked for. */
  readonly inMatch: readonly string[];
  /** Files that could not be read, and why. */
  readonly broken: readonly string[];
}

/** sshd follows inclusions as deep. */
const DEPTH_MAX = 16;
const FILES_MAX = 1_000;

/** Older names of the same settings. */
const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
  skeyauthentication: "kbdinteractiveauthentication",
};

/** @param asked names that a Match block is searched for */
export async function readSshdSettings(
  program: string,
  config: string,
  ask: Ask,
  asked: readonly string[],
): Promise<SshdSettings> {
  const written = new Written(asked);
  written.read(config, false, 0);
  const { values, inMatch, broken } = written;
  const answer = await ask(program, ["-T", "-f", config]);
  if (typeof answer === "string" || answer.code !== 0)
    return { values, effective: false, inMatch, broken };
  const said = new Map<string, string>();
  for (const line of answer.stdout.split("\n")) keep(said, line);
  return { values: said, effective: true, inMatch, broken };
}

class Written {
  readonly values = new Map<string, string>();
  readonly inMatch: string[] = [];
  readonly broken: string[] = [];
  readonly #asked: readonly string[];
  #files = 0;

  constructor(asked: readonly string[]) {
    this.#asked = asked;
  }

  /** @param matched true inside a Match block: what is set there holds for some logins alone */
  read(path: string, matched: boolean, depth: number): void {
    if (depth > DEPTH_MAX || ++this.#files > FILES_MAX) {
      this.broken.push(`${path} is included too deep, or includes itself`);
      return;
    }
    const file = readTextFile(path);
    if (file === "absent") return;
    if ("refused" in file) {
      this.broken.push(`${path} ${file.refused}`);
      return;
    }
    let inBlock = matched;
    for (const [index, line] of file.text.split("\n").entries()) {
      const [name, value] = split(line);
      if (name === "match") inBlock = value.toLowerCase() !== "all";
      else if (name === "include") this.#include(value, dirname(path), inBlock, depth);
      else if (!inBlock) keep(this.values, line);
      else if (this.#asked.includes(name)) this.inMatch.push(`${path}:${index + 1}`);
    }
  }

  #include(patterns: string, directory: string, matched: boolean, depth: number): void {
    // A runaway inclusion is told once, not followed along each of its ways.
    if (this.broken.length > 0 && depth > DEPTH_MAX / 2) return;
    for (const pattern of patterns.split(/\s+/)) {
      const whole = isAbsolute(pattern) ? pattern : join(directory, pattern);
      for (const path of globSync(whole).sort()) this.read(path, matched, depth + 1);
    }
  }
}

function keep(values: Map<string, string>, line: string): void {
  const [name, value] = split(line);
  if (name === "") return;
  // AuthenticationMethods' lists are told apart by white space, and sshd repeats the name for none.
  if (!values.has(name)) values.set(name, value);
}

function split(line: string): [string, string] {
  const parts = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
  if (!parts) return ["", ""];
  const name = (parts[1] ?? "").toLowerCase();
  const value = (parts[2] ?? "").replace(/\s+#.*$/, "").replace(/^"(.*)"$/, "$1");
  return [ALIASES[name] ?? name, value];
}
