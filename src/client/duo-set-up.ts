/**
 * Setting Duo up. An application is an API host, an id and a secret that belong together:
 * the first two are in the settings, the third is in the store, and no one step changes both.
 */
import { lstatSync } from "node:fs";
import type { FailMode } from "../contracts/method.ts";
import type { Countersign } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { authority, parseApiHost } from "../duo/api-host.ts";
import { isKeyId, isSecret } from "../duo/keys.ts";
import { parseAuthorities } from "../https/authorities.ts";
import { changeTogether, demandValid, type SettingChange } from "../settings/editor.ts";
import type { Scope } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { readAuthorities } from "./authorities.ts";
import { currentScope, isSetUp, withCountersign } from "./connect.ts";
import { DUO_WORDS, type DuoMethod, duoMethods, isOn } from "./duo.ts";
import { checkMethods } from "./methods.ts";
import { asOwner, duringAsOwner } from "./owner.ts";

export interface DuoWishes {
  readonly method: DuoMethod;
  readonly apiHost: string;
  /** The integration key, or the client id. */
  readonly id: string;
  /** Takes an API host that is not of Duo's form. */
  readonly allowHost: boolean;
  /** An absolute path. */
  readonly caFile: string | undefined;
  // How this host uses it: what is undefined stays as it is.
  readonly proxy: string | undefined;
  readonly failMode: FailMode | undefined;
  readonly usernameTemplate: string | undefined;
  readonly callbackPort: number | undefined;
}

export interface DuoSetUp {
  readonly method: DuoMethod;
  readonly apiHost: string;
  readonly isDuosHost: boolean;
  readonly caFile: string | undefined;
  readonly failMode: FailMode;
  readonly usernameTemplate: string;
  /** What kept a change from the audit log, where something did. */
  readonly unrecorded: Fault | undefined;
}

/**
 * Sets a method up and switches it on. What was on is switched off first where another
 * application takes its place, so that no host is ever spoken to with another's secret;
 * whoever ends this half-way leaves the method off.
 * @param askSecret called once all else is known to be right
 * @throws Fault `usage` for what does not have its form, `not-permitted`, or what settings,
 *   key and store throw
 */
export async function configureDuo(
  wishes: DuoWishes,
  askSecret: () => Promise<string>,
): Promise<DuoSetUp> {
  const { method, caFile } = wishes;
  const { apiHost, isDuosHost } = hostOf(wishes);
  demandId(wishes);
  const scope = currentScope();
  if (caFile !== undefined) asOwner(scope, () => parseAuthorities(readAuthorities(caFile)));
  const changes = changesFor(wishes, apiHost, isDuosHost);
  demandValid(changes);
  await demandAdministrator(scope);
  const secret = demandSecret(method, await askSecret());
  const unrecorded = await withCountersign({ begin: true }, async ({ service }) => {
    const isOff = await switchOffAnother(scope, service, { ...wishes, apiHost });
    try {
      await service.setMethodSecret(method, secret);
      const changed = await changeChecked(scope, changes);
      return await recordAll(service, changed).catch(unlessFault);
    } catch (error) {
      throw isOff ? andOff(method, error) : error;
    }
  });
  const { usernameTemplate, failMode } = settingsNow(scope, method);
  return { method, apiHost, isDuosHost, caFile, failMode, usernameTemplate, unrecorded };
}

function hostOf({ apiHost, allowHost }: DuoWishes): { apiHost: string; isDuosHost: boolean } {
  const parse = (anyHost: boolean) => authority(parseApiHost(apiHost, anyHost));
  try {
    return { apiHost: parse(false), isDuosHost: true };
  } catch (error) {
    if (!allowHost) throw asUsage(error, "; another host than Duo's: --allow-host");
  }
  try {
    return { apiHost: parse(true), isDuosHost: false };
  } catch (error) {
    throw asUsage(error);
  }
}

/** What is wrong in a settings file is a slip of the pen in an argument. */
function asUsage(error: unknown, addition = ""): unknown {
  if (!(error instanceof Fault)) return error;
  return new Fault("usage", error.message, { hint: `${error.hint}${addition}`, cause: error });
}

function demandId({ method, id }: DuoWishes): void {
  if (isKeyId(id)) return;
  const name = DUO_WORDS[method].id;
  throw new Fault("usage", `the ${name} is not 20 capital letters and digits`, {
    hint: `copy the ${name} from the application in Duo's Admin Panel`,
  });
}

function demandSecret(method: DuoMethod, typed: string): string {
  const secret = typed.trim();
  if (isSecret(secret)) return secret;
  const name = DUO_WORDS[method].secret;
  throw new Fault("usage", `the ${name} is not 40 letters and digits: nothing was changed`, {
    hint: `copy the ${name} from the application in Duo's Admin Panel`,
  });
}

/** Before the secret is asked for; the engine, which decides, is asked for what is an administrator's. */
export async function demandAdministrator(scope: Scope): Promise<void> {
  const isHeld = lstatSync(scope.socketFile, { throwIfNoEntry: false }) !== undefined;
  if (!isHeld && !isSetUp(scope)) return;
  await withCountersign({}, ({ service }) => service.status(Date.now()));
}

/** True when another application was on. */
async function switchOffAnother(
  scope: Scope,
  service: Countersign,
  { method, apiHost, id }: DuoWishes,
): Promise<boolean> {
  const now = settingsNow(scope, method);
  if (!isOn(now) || (now.apiHost === apiHost && now.id === id)) return false;
  const { group, idSetting } = DUO_WORDS[method];
  const changes = [[`${group}.apiHost`, undefined] as const, [idSetting, undefined] as const];
  // A daemon does so once it is recorded: what cannot be ends here.
  await recordAll(service, await changeChecked(scope, changes));
  return true;
}

/** What went wrong after `what` was switched off. */
export function andOff(what: string, error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  const message = `${error.message}; ${what} is off until it is set up again`;
  return new Fault(error.code, message, {
    ...(error.hint ? { hint: error.hint } : {}),
    cause: error,
  });
}

function changesFor(wishes: DuoWishes, apiHost: string, isDuosHost: boolean): SettingChange[] {
  const { group, idSetting } = DUO_WORDS[wishes.method];
  const { id, caFile, failMode, callbackPort, proxy, usernameTemplate } = wishes;
  const kept: SettingChange[] = [
    [`${group}.failMode`, failMode],
    ["duo.prompt.callbackPort", callbackPort],
    ["duo.proxy", proxy],
    ["duo.usernameTemplate", usernameTemplate],
  ];
  return [
    [`${group}.apiHost`, apiHost],
    [idSetting, id],
    // What was allowed for another host is not for this one.
    [`${group}.anyHost`, isDuosHost ? undefined : "yes"],
    [`${group}.caFile`, caFile],
    // Whoever sets it up wants it on.
    [`methods.${wishes.method}`, undefined],
    ...kept.filter(([, value]) => value !== undefined),
  ];
}

function settingsNow(scope: Scope, method: DuoMethod) {
  const settings = asOwner(scope, () => loadSettings(scope));
  const found = duoMethods(settings).find((each) => each.method === method);
  if (!found) throw new Fault("internal", `${method} is no method of Duo`);
  return { ...found, usernameTemplate: settings.duo.usernameTemplate };
}

/** Refuses what a login would. @returns those that were otherwise before */
export function changeChecked(
  scope: Scope,
  changes: readonly SettingChange[],
): Promise<readonly SettingChange[]> {
  return duringAsOwner(scope, () => changeTogether(scope, changes, checkMethods));
}

export async function recordAll(
  service: Countersign,
  changes: readonly SettingChange[],
): Promise<undefined> {
  for (const [name, value] of changes) {
    if (value === undefined) await service.recordSetting("settings-unset", name);
    else await service.recordSetting("settings-set", `${name}=${value}`);
  }
}

export function unlessFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}
