/**
 * Settings by name, for `countersign config`. Reading, checking and refusing are the
 * login's own, so that what is set here is never refused there.
 */
import { Fault } from "../core/fault.ts";
import { nearest } from "../core/nearest.ts";
import { said } from "../files/untrusted.ts";
import { SCHEMA, type SettingSchema, settingSchemas } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { readSettingsFile } from "./settings.ts";
import { fillIn, validate } from "./validate.ts";
import { type Accepts, changeSettings } from "./writer.ts";

export type SettingValue = string | number;

export interface SettingView {
  /** Dotted, such as `throttle.lockAfter`. */
  readonly name: string;
  /** Undefined for one that is not set and has no default. */
  readonly value: SettingValue | undefined;
  readonly origin: "file" | "default";
  readonly description: string;
}

/** @throws Fault as `loadSettings` */
export function listSettings(scope: Pick<Scope, "settingsFile">): SettingView[] {
  const written = readSettingsFile(scope.settingsFile) ?? {};
  const filled = fillIn(SCHEMA, written);
  return settingSchemas().map(({ name, schema }) => ({
    name,
    value: at(filled, name),
    origin: at(written, name) === undefined ? "default" : "file",
    description: schema.description,
  }));
}

/** @throws Fault `usage` for an unknown name, or as `loadSettings` */
export function getSetting(scope: Pick<Scope, "settingsFile">, name: string): SettingView {
  const { name: known } = find(name);
  const view = listSettings(scope).find((setting) => setting.name === known);
  if (view === undefined) throw new Fault("internal", "a setting is not in the list of settings");
  return view;
}

/**
 * @param text the value as typed
 * @throws Fault `usage` for an unknown name or an unfit value, `settings-unwritable`, or as
 *   `loadSettings`: a file that does not parse is never written over
 */
export async function setSetting(
  scope: Scope,
  name: string,
  text: string,
  accepts?: Accepts,
): Promise<void> {
  const value = readSetting(name, text);
  await changeSettings(scope, (writer) => writer.set(name, value), accepts);
}

/** The value of that setting as typed. @throws Fault `usage` for an unknown name or an unfit value */
export function readSetting(name: string, text: string): SettingValue {
  const { schema } = find(name);
  const value = schema.type === "integer" && /^-?[0-9]{1,9}$/.test(text) ? Number(text) : text;
  const found = validate(schema, value, name);
  if (found !== undefined)
    throw new Fault("usage", `${found.place} ${found.problem}`, { hint: "man countersign.json" });
  return value;
}

/** False when it was not set. @throws Fault as `setSetting` */
export async function unsetSetting(
  scope: Scope,
  name: string,
  accepts?: Accepts,
): Promise<boolean> {
  find(name);
  if (getSetting(scope, name).origin === "default") return false;
  await changeSettings(scope, (writer) => writer.delete(name), accepts);
  return true;
}

/** A setting and its new value; undefined takes it out of the file. */
export type SettingChange = readonly [name: string, value: SettingValue | undefined];

/**
 * Changes several settings in one step: all of them, or none.
 * @returns those that were otherwise before
 * @throws Fault as `setSetting`
 */
export async function changeTogether(
  scope: Scope,
  wanted: readonly SettingChange[],
  accepts?: Accepts,
): Promise<readonly SettingChange[]> {
  demandValid(wanted);
  const written = readSettingsFile(scope.settingsFile) ?? {};
  const changes = wanted.filter(([name, value]) => at(written, name) !== value);
  if (changes.length > 0) {
    await changeSettings(
      scope,
      (writer) => {
        for (const [name, value] of changes) {
          if (value === undefined) writer.delete(name);
          else writer.set(name, value);
        }
      },
      accepts,
    );
  }
  return changes;
}

/** @throws Fault `usage` for an unknown name or an unfit value */
export function demandValid(changes: readonly SettingChange[]): void {
  for (const [name, value] of changes) {
    const { schema } = find(name);
    const found = value === undefined ? undefined : validate(schema, value, name);
    if (found === undefined) continue;
    throw new Fault("usage", `${found.place} ${found.problem}`, { hint: "man countersign.json" });
  }
}

/** Members of the settings file that are lists, and have commands of their own. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ["policy.rules", "countersign policy show"],
  ["roles", "countersign role list"],
]);

function find(name: string): SettingSchema {
  const all = settingSchemas();
  const found = all.find((setting) => setting.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    all.map((setting) => setting.name),
  );
  throw new Fault("usage", `there is no setting ${said(name)}`, {
    hint: LISTS.get(name) ?? (near.length > 0 ? near.join(" or ") : "countersign config list"),
  });
}

function at(document: object, name: string): SettingValue | undefined {
  let value: unknown = document;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(part);
  }
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}
