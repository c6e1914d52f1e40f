/** Settings by name, for the `config` commands: each change is told to the audit log. */
import { Fault } from "../core/fault.ts";
import type { SettingView } from "../settings/editor.ts";
import type { Scope } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { currentScope, isHeldByDaemon, isSetUp, withCountersign } from "./connect.ts";
import { storePath } from "./in-process.ts";
import { checkMethods } from "./methods.ts";
import { asOwner, duringAsOwner } from "./owner.ts";

export type { SettingView };

export async function listSettings(): Promise<readonly SettingView[]> {
  const editor = await import("../settings/editor.ts");
  const scope = currentScope();
  return asOwner(scope, () => editor.listSettings(scope));
}

/** Where things are, the store by the settings. */
export function placesInForce(): Pick<Scope, "settingsFile" | "storeFile" | "keyFile"> {
  const scope = currentScope();
  return {
    ...scope,
    storeFile: storePath(
      scope,
      asOwner(scope, () => loadSettings(scope)),
    ),
  };
}

/** @throws Fault `usage` for a name there is not */
export async function getSetting(name: string): Promise<SettingView> {
  const editor = await import("../settings/editor.ts");
  const scope = currentScope();
  return asOwner(scope, () => editor.getSetting(scope, name));
}

/**
 * @returns the fault that kept it from the audit log, where one did: a setting that mends
 *   the store or the key has to be changed while they are out of reach
 */
export async function setSetting(name: string, value: string): Promise<Fault | undefined> {
  const editor = await import("../settings/editor.ts");
  const scope = currentScope();
  await duringAsOwner(scope, () => editor.setSetting(scope, name, value, checkMethods));
  return recordChange("settings-set", `${name}=${value}`);
}

/** As `setSetting`; `changed` is false when it was not set. */
export async function unsetSetting(
  name: string,
): Promise<{ changed: boolean; unrecorded?: Fault }> {
  const editor = await import("../settings/editor.ts");
  const scope = currentScope();
  const changed = await duringAsOwner(scope, () => editor.unsetSetting(scope, name, checkMethods));
  if (!changed) return { changed: false };
  const unrecorded = await recordChange("settings-unset", name);
  return { changed: true, ...(unrecorded ? { unrecorded } : {}) };
}

/**
 * The scope whose settings are the caller's to change.
 * @param what is changed: "the policy"
 * @throws Fault `not-permitted` where a daemon goes by the host's
 */
export function scopeToChange(what: string): Scope {
  const scope = currentScope();
  if (!isHeldByDaemon(scope)) return scope;
  throw new Fault(
    "not-permitted",
    `${what} of this host ${what.endsWith("s") ? "are" : "is"} root's`,
    {
      hint: "run it with sudo",
    },
  );
}

/** What kept a change from the audit log, where something did. */
export async function recordChange(
  action: "settings-set" | "settings-unset",
  change: string,
): Promise<Fault | undefined> {
  // Before init there is no log, and nobody whom the setting could concern.
  if (!isSetUp(currentScope())) return undefined;
  try {
    await withCountersign({}, ({ service }) => service.recordSetting(action, change));
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
