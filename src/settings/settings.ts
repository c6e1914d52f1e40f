/**
 * The settings as every login reads them: fast and strict. What does not parse refuses
 * everybody (DESIGN.md 6.4); a typing error must never read as a default.
 */

import { Fault } from "../core/fault.ts";
import { compile, InvalidRule } from "../core/policy/decide.ts";
import type { Rule } from "../core/policy/rule.ts";
import { printable } from "../core/printable.ts";
import type { ThrottlePolicy } from "../core/throttle.ts";
import type { Window } from "../core/totp.ts";
import { readTrusted } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";
import { SCHEMA, type Settings } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { JsonProblem, parseStrict } from "./strict-json.ts";
import { fillIn, type Problem, validate } from "./validate.ts";

/** A larger settings file is refused unread. */
export const SETTINGS_MAX_BYTES = 1024 * 1024;

/**
 * The settings with their defaults; an absent file means the defaults.
 * @throws Fault `settings-invalid`, `file-untrusted`, `file-unreadable`
 */
export function loadSettings(scope: Pick<Scope, "settingsFile">): Settings {
  const written = readSettingsFile(scope.settingsFile) ?? {};
  // The names and types of Settings are the schema's, and the document has just passed it.
  return fillIn(SCHEMA, written) as unknown as Settings;
}

/**
 * What the file itself says, valid; undefined when there is none.
 * @throws Fault as `loadSettings`
 */
export function readSettingsFile(path: string): object | undefined {
  const bytes = readTrusted(path, { secret: false, maxBytes: SETTINGS_MAX_BYTES });
  return bytes === undefined ? undefined : parseSettings(bytes, path);
}

/** @throws Fault `settings-invalid`, naming the file and the place in it */
export function parseSettings(bytes: Uint8Array, path: string): object {
  const value = readJson(bytes, path);
  const found = validate(SCHEMA, value) ?? unreadableRule((value as Written).policy?.rules ?? []);
  if (found === undefined) return value as object;
  const place = printable(found.place, 100);
  throw invalid(`${said(path)}: ${place === "" ? "" : `${place}: `}${found.problem}`);
}

interface Written {
  readonly policy?: { readonly rules?: readonly Rule[] };
}

/** What has its form and means nothing all the same, such as 10.0.0.0/99. */
export function unreadableRule(rules: readonly Rule[]): Problem | undefined {
  try {
    compile(rules);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidRule)) throw error;
    return { place: `policy.rules.${error.index}.${error.place}`, problem: error.message };
  }
}

/** The throttle as the engine counts with it, in milliseconds. */
export function throttlePolicy({ throttle }: Settings): ThrottlePolicy {
  return {
    freeFailures: throttle.freeFailures,
    firstDelay: throttle.firstDelay * 1000,
    longestDelay: throttle.longestDelay * 1000,
    decay: throttle.decay * 1000,
    lockAfter: throttle.lockAfter,
  };
}

export function totpWindow({ totp }: Settings): Window {
  return { steps: totp.window, maxDrift: totp.maxDrift };
}

function readJson(bytes: Uint8Array, path: string): unknown {
  try {
    return parseStrict(bytes);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw invalid(printable(`${said(path)}: ${error.message}`, 5000));
  }
}

function invalid(message: string): Fault {
  return new Fault("settings-invalid", message, {
    hint: "mend the file by hand: it refuses everybody, through a running daemon once that is restarted",
  });
}
