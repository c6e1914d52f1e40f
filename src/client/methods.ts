/** The methods that the settings set up. */
import { hostname } from "node:os";
import type { Method } from "../contracts/method.ts";
import { nameFrom } from "../core/name-template.ts";
import type { DuoApplication } from "../duo/application.ts";
import { routeOf } from "../duo/application-route.ts";
import { methodsFor } from "../methods/registry.ts";
import type { DuoApplicationSettings, Settings } from "../settings/schema.ts";
import { readAuthorities } from "./authorities.ts";
import { checkMessage, messageSetUpOf } from "./message-set-up.ts";
import { checkValidation, validationServersOf } from "./validation-servers.ts";

/** Those that are set up and on. */
export function methodsOf(settings: Settings): readonly Method[] {
  const isOn: Readonly<Record<string, "on" | "off">> = settings.methods;
  return methodsSetUp(settings).filter(({ name }) => isOn[name] === "on");
}

/**
 * Loads what the methods that are on need: who owns the host's files, and is acted as from then
 * on, need not be able to read the program.
 */
export async function loadMethods(settings: Settings): Promise<void> {
  for (const method of methodsOf(settings)) if (method.kind === "challenge") await method.load();
}

/**
 * Refuses what a login would find wrong only once somebody asks for Duo or for a message, or
 * touches a YubiKey.
 * @throws Fault `settings-invalid`, or of a `file-…` code
 */
export function checkMethods(settings: Settings): void {
  const { push, prompt } = settings.duo;
  const on = [push.integrationKey && push, prompt.clientId && prompt];
  for (const each of on) {
    const application = each ? applicationOf(settings, each) : undefined;
    if (application) routeOf(application);
  }
  if (settings.methods.message === "on") checkMessage(settings);
  checkValidation(settings);
}

function methodsSetUp(settings: Settings): readonly Method[] {
  const { push, prompt } = settings.duo;
  const { integrationKey } = push;
  const { clientId, callbackPort } = prompt;
  const pushApplication = applicationOf(settings, push);
  const promptApplication = applicationOf(settings, prompt);
  return methodsFor({
    push: pushApplication && integrationKey ? { ...pushApplication, integrationKey } : undefined,
    prompt:
      promptApplication && clientId ? { ...promptApplication, clientId, callbackPort } : undefined,
    message: messageSetUpOf(settings),
    validation: validationServersOf(settings),
  });
}

function applicationOf(
  { duo: { usernameTemplate, proxy } }: Pick<Settings, "duo">,
  { apiHost, anyHost, caFile, failMode }: DuoApplicationSettings,
): DuoApplication | undefined {
  if (apiHost === undefined) return undefined;
  return {
    apiHost,
    anyHost: anyHost === "yes",
    authorities: () => (caFile === undefined ? undefined : readAuthorities(caFile)),
    proxy,
    failMode,
    nameOf: (user) => nameFrom(usernameTemplate, user, hostname()),
    hostName: hostname(),
  };
}
