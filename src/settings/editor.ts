/**
 * Settings by name, for `countersign config`. Writing goes through conf, which replaces the
 * file whole; reading, checking and refusing are the login's own, so that what is written
 * here is never refused there. conf loads slowly, and is loaded by a change alone.
 */
import { readdirSync, unlinkSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";
import { syncDirectory } from "../files/sync.ts";
import { makeTrustedDirectory } from "../files/trusted-file.ts";
import { said, systemFault } from "../files/untrusted.ts";
import { nearest } from "./nearest.ts";
import { SCHEMA, type SettingSchema, settingSchemas } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { parseSettings, readSettingsFile } from "./settings.ts";
import { fillIn, validate } from "./validate.ts";

export type SettingValue = string | number;

export interface SettingView {
  /** Dotted, such as `throttle.lockAfter`. */
  readonly name: string;
  /** Undefined for one that is not set and has no default. */
  readonly value: SettingValue | undefined;
  readonly origin: "file" | "default";
  readonly description: string;
}

/**
 * A write that fits one page of memory is whole or not at all. atomically, which conf
 * writes with, does not look whether a write was cut short by a full disk.
 */
const WRITTEN_MAX_BYTES = 4096;

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
export async function setSetting(scope: Scope, name: string, text: string): Promise<void> {
  const { schema } = find(name);
  const value = schema.type === "integer" && /^-?[0-9]{1,9}$/.test(text) ? Number(text) : text;
  const found = validate(schema, value, name);
  if (found !== undefined) throw new Fault("usage", `${found.place} ${found.problem}`);
  await change(scope, (conf) => conf.set(name, value));
}

/** False when it was not set. @throws Fault as `setSetting` */
export async function unsetSetting(scope: Scope, name: string): Promise<boolean> {
  find(name);
  if (getSetting(scope, name).origin === "default") return false;
  await change(scope, (conf) => conf.delete(name));
  return true;
}

/** What is used of conf. */
interface Writer {
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

async function change(scope: Scope, edit: (conf: Writer) => void): Promise<void> {
  const path = scope.settingsFile;
  const mode = scope.directories.find((each) => each.path === dirname(path))?.mode ?? 0o700;
  const { default: Conf } = await import("conf");
  // conf follows links and opens its temporary file by a name that can be guessed, so the
  // directory must be one that nobody else can write to, and the file our own.
  const directory = makeTrustedDirectory(dirname(path), mode, "settings-unwritable");
  readSettingsFile(path);
  try {
    undisturbed(() => {
      const conf = new Conf<Record<string, unknown>>({
        cwd: directory,
        configName: basename(path, extname(path)),
        fileExtension: extname(path),
        configFileMode: 0o644,
        clearInvalidConfig: false,
        schema: structuredClone(SCHEMA.properties) as object,
        rootSchema: { additionalProperties: false },
        // The file holds what somebody chose, and follows when a default changes.
        ajvOptions: { useDefaults: false },
        deserialize: (text) => parseSettings(Buffer.from(text), path) as Record<string, unknown>,
        serialize: (value) => write(value, path),
      });
      edit(conf);
    });
    syncDirectory(directory);
  } catch (error) {
    if (error instanceof Fault) throw error;
    removeTemporary(directory, basename(path));
    const message = `cannot write ${said(path)}`;
    if (errnoOf(error) !== undefined) throw systemFault("settings-unwritable", message, error);
    throw new Fault("settings-unwritable", message, { cause: error });
  }
}

/**
 * Runs conf where the environment has no say: under $SNAP it would write over the file in
 * place instead of replacing it, and the umask would take readers away from the mode.
 */
function undisturbed(work: () => void): void {
  const { SNAP } = process.env;
  const umask = process.umask(0o022);
  delete process.env.SNAP;
  try {
    work();
  } finally {
    process.umask(umask);
    if (SNAP !== undefined) process.env.SNAP = SNAP;
  }
}

/** What a failed write left. atomically removes it too, but only later, after we may have ended. */
function removeTemporary(directory: string, name: string): void {
  for (const found of readdirSync(directory)) {
    const isOurs = found.startsWith(`${name}.tmp-`) && /^[0-9a-f]{16}$/.test(found.slice(-16));
    if (!isOurs) continue;
    try {
      unlinkSync(join(directory, found));
    } catch {
      // On a read-only file system: there the write's own fault is the one to tell.
    }
  }
}

function write(value: object, path: string): string {
  // Of a group whose last setting went, nothing is left.
  const kept = Object.entries(value).filter(
    ([, inner]) => typeof inner !== "object" || Object.keys(inner).length > 0,
  );
  const text = `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`;
  if (Buffer.byteLength(text) > WRITTEN_MAX_BYTES) {
    throw new Fault("settings-unwritable", `${said(path)} would be larger than a page`);
  }
  return text;
}

function find(name: string): SettingSchema {
  const all = settingSchemas();
  const found = all.find((setting) => setting.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    all.map((setting) => setting.name),
  );
  throw new Fault("usage", `there is no setting ${said(name)}`, {
    hint: near.length > 0 ? near.join(" or ") : "countersign config list",
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
