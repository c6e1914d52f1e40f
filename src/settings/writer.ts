/**
 * Changing the settings file: read, checked, and replaced whole, by one writer at a time.
 *
 * Not by conf, whose writer does not look whether a full disk cut it short (so the file could not
 * be larger than a page), follows links, and loses one of two changes made at once.
 */
import { lstatSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../core/fault.ts";
import { syncDirectory } from "../files/sync.ts";
import { createTrusted, makeTrustedDirectory } from "../files/trusted-file.ts";
import { said, systemFault } from "../files/untrusted.ts";
import { SCHEMA, type Settings } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { parseSettings, readSettingsFile, SETTINGS_MAX_BYTES } from "./settings.ts";
import { fillIn, validate } from "./validate.ts";

/** Beside the settings while they are changed: whoever makes the first may write the second. */
const LOCK_SUFFIX = ".lock";
const NEW_SUFFIX = ".new";

/** Milliseconds: how long another writer is waited for, and how old the lock of one that was killed is. */
const PATIENCE = 5_000;
const ABANDONED = 60_000;
const POLL = 20;

/** Throws for settings that have their form and would not do. */
export type Accepts = (settings: Settings) => void;

/** Settings by their dotted names. */
export interface Writer {
  /** Undefined for one that is not set. */
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

/**
 * Changes the file in one step, or leaves it as it was.
 * @throws Fault `settings-unwritable`, `conflict` while somebody else goes on writing, or as
 *   `loadSettings` for a file that is no settings file; what `edit` throws
 */
export async function changeSettings(
  scope: Scope,
  edit: (writer: Writer) => void,
  accepts: Accepts = () => undefined,
): Promise<void> {
  const path = scope.settingsFile;
  const mode = scope.directories.find((each) => each.path === dirname(path))?.mode ?? 0o700;
  const directory = makeTrustedDirectory(dirname(path), mode, "settings-unwritable");
  readSettingsFile(path);
  const lock = `${path}${LOCK_SUFFIX}`;
  await take(lock, path);
  try {
    const document = structuredClone(readSettingsFile(path) ?? {}) as Group;
    edit(writerOf(document));
    // The names and types of Settings are the schema's, which is looked at before the rest.
    if (validate(SCHEMA, document) === undefined) {
      accepts(fillIn(SCHEMA, document) as unknown as Settings);
    }
    replace(path, join(directory, basename(path)), document);
  } finally {
    rmSync(lock, { force: true });
  }
}

type Group = Record<string, unknown>;

async function take(lock: string, path: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      createTrusted(lock, new Uint8Array(), 0o600, "settings-unwritable");
      return;
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "file-exists") throw unwritable(path, error);
    }
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    else if (performance.now() > end) throw busy(path);
    else await sleep(POLL);
  }
}

/** Of a writer that was killed: none takes so long. */
function isAbandoned(lock: string): boolean {
  const found = lstatSync(lock, { throwIfNoEntry: false });
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) > ABANDONED;
}

/** @param real the same file, by the directory that was looked at */
function replace(path: string, real: string, document: Group): void {
  const bytes = Buffer.from(`${JSON.stringify(withoutEmptyGroups(document), undefined, 2)}\n`);
  if (bytes.length > SETTINGS_MAX_BYTES) {
    throw new Fault("settings-unwritable", `${said(path)} would be too large`, {
      hint: `at most ${SETTINGS_MAX_BYTES / 1024} KiB`,
    });
  }
  // What a login would refuse is never written.
  parseSettings(bytes, path);
  // Of a writer that was killed.
  rmSync(`${real}${NEW_SUFFIX}`, { force: true });
  createTrusted(`${path}${NEW_SUFFIX}`, bytes, 0o644, "settings-unwritable");
  try {
    renameSync(`${real}${NEW_SUFFIX}`, real);
    syncDirectory(dirname(real));
  } catch (error) {
    rmSync(`${real}${NEW_SUFFIX}`, { force: true });
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return systemFault("settings-unwritable", `cannot write ${said(path)}`, error);
}

function busy(path: string): Fault {
  return new Fault("conflict", `${said(path)} is being changed by somebody else`, {
    hint: "wait, then try again",
  });
}

/** Own properties alone: names such as "__proto__" have been refused as unknown before. */
function writerOf(document: Group): Writer {
  const groupAt = (names: readonly string[]): Group => {
    let group = document;
    for (const name of names) {
      group[name] ??= {};
      group = group[name] as Group;
    }
    return group;
  };
  const place = (name: string): [Group, string] => {
    const names = name.split(".");
    return [groupAt(names.slice(0, -1)), names.at(-1) ?? ""];
  };
  return {
    get(name) {
      const [group, key] = place(name);
      return group[key];
    },
    set(name, value) {
      const [group, key] = place(name);
      group[key] = value;
    },
    delete(name) {
      const [group, key] = place(name);
      delete group[key];
    },
  };
}

/** Of a group whose last setting went, nothing is left. */
function withoutEmptyGroups(group: Group): Group {
  const kept = Object.entries(group)
    .map(([key, value]) => [key, isGroup(value) ? withoutEmptyGroups(value) : value] as const)
    .filter(([, value]) => !isGroup(value) || Object.keys(value).length > 0);
  return Object.fromEntries(kept);
}

function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
