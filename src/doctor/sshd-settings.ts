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
  /** Those that were asked for, where a Match block sets them. */
  readonly inMatch: readonly MatchedSetting[];
  /** Every pattern of AcceptEnv, and every Subsystem: these add up. */
  readonly accepted: readonly string[];
  readonly subsystems: readonly string[];
  /** Files that could not be read, and why. */
  readonly broken: readonly string[];
}

export interface MatchedSetting {
  readonly name: string;
  readonly value: string;
  /** File and line. */
  readonly place: string;
  /** The Match blocks are numbered in their order. */
  readonly block: number;
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
  const { inMatch, broken } = written;
  const answer = await ask(program, ["-T", "-f", config]);
  const effective = typeof answer !== "string" && answer.code === 0;
  const said = effective ? new Values(answer.stdout) : written.global;
  const { values, accepted, subsystems } = said;
  return { values, effective, inMatch, broken, accepted, subsystems };
}

/** The same by the files alone, without asking sshd. */
export function writtenIn(
  config: string,
  asked: readonly string[],
): Pick<SshdSettings, "values" | "inMatch"> {
  const written = new Written(asked);
  written.read(config, false, 0);
  return { values: written.global.values, inMatch: written.inMatch };
}

/** Lines outside Match blocks. */
class Values {
  readonly values = new Map<string, string>();
  readonly accepted: string[] = [];
  readonly subsystems: string[] = [];

  constructor(text = "") {
    for (const line of text.split("\n")) this.keep(...split(line));
  }

  keep(name: string, value: string): void {
    if (name === "acceptenv") this.accepted.push(...value.split(/\s+/));
    if (name === "subsystem") this.subsystems.push(value);
    // AuthenticationMethods' lists are told apart by white space, and sshd repeats the name for none.
    if (name !== "" && !this.values.has(name)) this.values.set(name, value);
  }
}

class Written {
  readonly global = new Values();
  readonly inMatch: MatchedSetting[] = [];
  readonly broken: string[] = [];
  readonly #asked: readonly string[];
  #files = 0;
  #blocks = 0;

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
      if (name === "match") {
        inBlock = value.toLowerCase() !== "all";
        this.#blocks++;
      } else if (name === "include") this.#include(value, dirname(path), inBlock, depth);
      else if (!inBlock) this.global.keep(name, value);
      else if (this.#asked.includes(name)) {
        this.inMatch.push({ name, value, place: `${path}:${index + 1}`, block: this.#blocks });
      }
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

function split(line: string): [string, string] {
  const parts = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
  if (!parts) return ["", ""];
  const name = (parts[1] ?? "").toLowerCase();
  const value = (parts[2] ?? "").replace(/\s+#.*$/, "").replace(/^"(.*)"$/, "$1");
  return [ALIASES[name] ?? name, value];
}
