/**
 * Writing the settings file, through conf, which replaces it whole. What conf would do
 * besides is kept from it here. It loads slowly, and is loaded by a change alone.
 */
import { readdirSync, unlinkSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";
import { syncDirectory } from "../files/sync.ts";
import { makeTrustedDirectory } from "../files/trusted-file.ts";
import { said, systemFault } from "../files/untrusted.ts";
import { SCHEMA } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { parseSettings, readSettingsFile } from "./settings.ts";

/**
 * A write that fits one page of memory is whole or not at all. atomically, which conf
 * writes with, does not look whether a write was cut short by a full disk.
 */
const WRITTEN_MAX_BYTES = 4096;

/** What is used of conf: each of these writes the file once. */
export interface Writer {
  set(name: string, value: unknown): void;
  delete(name: string): void;
  /** All of them. */
  store: Record<string, unknown>;
}

/**
 * Changes the file in one step, or leaves it as it was.
 * @throws Fault `settings-unwritable`, or as `loadSettings` for a file that is no settings file
 */
export async function changeSettings(scope: Scope, edit: (conf: Writer) => void): Promise<void> {
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
  try {
    for (const found of readdirSync(directory)) {
      const suffix = found.startsWith(`${name}.`) ? found.slice(name.length) : "";
      if (/^\.tmp-[0-9a-f]{16}$/.test(suffix)) unlinkSync(join(directory, found));
    }
  } catch {
    // As on a read-only file system: the write's own fault is the one to tell.
  }
}

function write(value: object, path: string): string {
  const text = `${JSON.stringify(withoutEmptyGroups(value), undefined, 2)}\n`;
  if (Buffer.byteLength(text) > WRITTEN_MAX_BYTES) {
    throw new Fault("settings-unwritable", `${said(path)} would be larger than a page`);
  }
  return text;
}

/** Of a group whose last setting went, nothing is left. */
function withoutEmptyGroups(group: object): object {
  const kept = Object.entries(group)
    .map(([key, value]) => [key, typeof value === "object" ? withoutEmptyGroups(value) : value])
    .filter(([, value]) => typeof value !== "object" || Object.keys(value).length > 0);
  return Object.fromEntries(kept);
}
