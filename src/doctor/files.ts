/** The files: whose they are, who else could read or replace them, and what a crash left. */
import { lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";
import { trustedDirectory } from "../files/directories.ts";
import { checkTrusted, SQLITE_SIBLINGS } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";
import type { Scope } from "../settings/scope.ts";
import { type Finding, voiceOf } from "./finding.ts";

export interface FilesReaders {
  readonly scope: Scope;
  /** Elsewhere than the scope's own where the settings say so. */
  readonly storeFile: string;
  /** Whose files they are to be, besides root. */
  readonly owner: number;
}

const { ok, warning, problem } = voiceOf("files");

export function examineFiles(readers: FilesReaders): Finding[] {
  const { scope, storeFile } = readers;
  const secret = { owner: readers.owner, secret: true };
  const files: (() => boolean)[] = [
    () => checkTrusted(scope.settingsFile, { owner: readers.owner, secret: false }),
    () => checkTrusted(scope.keyFile, secret),
    () => checkTrusted(storeFile, secret, SQLITE_SIBLINGS),
  ];
  const directories = scope.directories.map((directory) => () => isKept(directory, readers.owner));
  const wrong = new Map<string, Finding>();
  let sound = 0;
  for (const check of [...directories, ...files]) {
    try {
      if (check()) sound++;
    } catch (error) {
      const finding = untrusted(error);
      // A directory that is open to others is found again with each file in it.
      wrong.set(finding.message, finding);
    }
  }
  for (const finding of keptBack(readers)) wrong.set(finding.message, finding);
  const left = leftovers(scope.settingsFile);
  if (wrong.size > 0 || sound === 0) return [...wrong.values(), ...left];
  return [ok("nobody else can read what is secret, or change anything"), ...left];
}

/**
 * What is still root's where the rest was given to the daemon's user, who cannot open it. Root's
 * engine acts as that user once the directory of the store is theirs, and is refused then too.
 */
function keptBack({ scope, storeFile, owner }: FilesReaders): Finding[] {
  if (scope.name !== "system" || owner === 0) return [];
  const places = [...scope.directories.map(({ path }) => path), scope.keyFile, storeFile];
  const kept = places.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.uid === 0);
  if (kept.length === 0) return [];
  const say = kept.includes(dirname(scope.storeFile)) ? warning : problem;
  const names = kept.map(said).join(", ");
  return [say(`${names}: still root's, though the rest is the daemon's`, "countersign init")];
}

/** @throws Fault `file-untrusted`; false when there is no such directory */
function isKept({ path, mode }: Scope["directories"][number], owner: number): boolean {
  const real = trustedDirectory(path, owner);
  if (real === undefined) return false;
  const open = lstatSync(real).mode & 0o777 & ~mode;
  if (open === 0) return true;
  throw new Fault("file-untrusted", `${said(path)} can be looked into by others`, {
    hint: `chmod ${mode.toString(8)} ${said(path)}`,
  });
}

function untrusted(error: unknown): Finding {
  if (error instanceof Fault) return problem(error.message, error.hint);
  throw error;
}

const LEFT = [".new", ".lock"];

/** What is written before it replaces the settings: a crash leaves it, until the next change. */
function leftovers(settingsFile: string): Finding[] {
  const directory = dirname(settingsFile);
  return namesIn(directory)
    .filter((name) => LEFT.some((suffix) => name === `${basename(settingsFile)}${suffix}`))
    .map((name) => said(join(directory, name)))
    .map((path) => warning(`${path} was left by a write that did not end`, `rm ${path}`));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}
