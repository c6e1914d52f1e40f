/** The methods that the settings set up. */
import { hostname } from "node:os";
import type { Method } from "../contracts/method.ts";
import { Fault } from "../core/fault.ts";
import { nameFrom } from "../core/name-template.ts";
import type { DuoApplication } from "../duo/application.ts";
import { readTrusted } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";
import { methodsFor } from "../methods/registry.ts";
import type { DuoApplicationSettings, Settings } from "../settings/schema.ts";

/** Larger than any list of authorities. */
const CA_MAX_BYTES = 1024 * 1024;

/** Those that are set up and on. */
export function methodsOf(settings: Settings): readonly Method[] {
  const isOn: Readonly<Record<string, "on" | "off">> = settings.methods;
  return methodsSetUp(settings).filter(({ name }) => isOn[name] === "on");
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
  });
}

function applicationOf(
  { duo: { usernameTemplate, proxy } }: Settings,
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

/**
 * The text of a CA file.
 * @throws Fault `settings-invalid`, or of a `file-…` code
 */
export function readAuthorities(path: string): string {
  const bytes = readTrusted(path, { secret: false, maxBytes: CA_MAX_BYTES });
  if (bytes) return Buffer.from(bytes).toString();
  throw new Fault("settings-invalid", `${said(path)}: the CA file is not there`, {
    hint: "put it there, or: countersign duo configure",
  });
}
