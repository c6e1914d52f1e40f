/** What `countersign doctor` looks through at Duo's methods: without opening the store for use. */
import type { Sealer } from "../contracts/sealing.ts";
import { methodSecretCell } from "../core/cells.ts";
import type { DuoMethodFacts, DuoReaders } from "../doctor/duo.ts";
import type { StoreContent } from "../doctor/store-file.ts";
import { parseApiHost } from "../duo/api-host.ts";
import { DUO_ROOTS } from "../duo/roots.ts";
import { firstExpiry, parseAuthorities } from "../https/authorities.ts";
import type { Settings } from "../settings/schema.ts";
import { readAuthorities } from "./authorities.ts";
import { DUO_WORDS, type DuoMethodSettings, duoMethods } from "./duo.ts";
import { methodsOf } from "./methods.ts";

export interface DuoSources {
  /** @throws Fault */
  readonly settings: () => Settings;
  /** Undefined when there is no store. @throws Fault */
  readonly content: () => Promise<StoreContent | undefined>;
  /** Undefined when there is no key. @throws Fault */
  readonly sealer: () => Promise<Sealer | undefined>;
}

export function duoReaders(sources: DuoSources): DuoReaders {
  const methods = () => {
    const settings = sources.settings();
    // One that was switched off asks for no mend.
    const on = duoMethods(settings).filter(({ method }) => settings.methods[method] === "on");
    return on.map((each) => factsOf(each, sources));
  };
  return { methods, now: Date.now };
}

function factsOf(settings: DuoMethodSettings, sources: DuoSources): DuoMethodFacts {
  const { method, apiHost, id, anyHost, caFile, failMode } = settings;
  const secret = async () => (await sources.content())?.methodSecrets?.get(method);
  return {
    method,
    apiHost,
    id,
    idName: DUO_WORDS[method].id,
    failMode,
    caFile,
    checkHost: () => void parseApiHost(apiHost ?? "", anyHost === "yes"),
    firstExpiry: () =>
      firstExpiry(caFile === undefined ? DUO_ROOTS : parseAuthorities(readAuthorities(caFile))),
    hasSecret: () => hasSecretOf(sources, method),
    ask: async () => askService(sources, method, await secret()),
  };
}

/** Undefined where the store does not open: what keeps it is for its own check to tell. */
export async function hasSecretOf(
  sources: DuoSources,
  method: string,
): Promise<boolean | undefined> {
  const content = await sources.content().catch(() => undefined);
  return content && content.methodSecrets?.get(method) !== undefined;
}

/** Undefined where there is nothing to ask it with. @throws Fault */
export async function askService(
  { settings, sealer }: DuoSources,
  name: string,
  sealed: Uint8Array | undefined,
): Promise<number | undefined> {
  const method = methodsOf(settings()).find(
    (each) => each.name === name && each.kind === "challenge",
  );
  const opener = await sealer().catch(() => undefined);
  if (method?.kind !== "challenge" || sealed === undefined || !opener) return undefined;
  const secret = opener.open(sealed, methodSecretCell(name));
  try {
    return (await method.check(secret)).clockOffset ?? 0;
  } finally {
    secret.fill(0);
  }
}
