/** Makes settings, key and store of a scope. Safe to repeat: what is there is kept. */
import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { type KeyKind, MASTER_KEY_BYTES } from "../contracts/key-provider.ts";
import { Fault } from "../core/fault.ts";
import { DAEMON_USER, daemonUser } from "../files/daemon-user.ts";
import { declareOwner } from "../files/owner.ts";
import { makeTrustedDirectory } from "../files/trusted-file.ts";
import { createSealer } from "../keys/sealing.ts";
import type { Settings } from "../settings/schema.ts";
import type { Scope } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { createSqliteStore } from "../stores/sqlite/store.ts";
import { handOver } from "./hand-over.ts";
import { bindKey, keyProviderOf, openParts, storePath } from "./in-process.ts";
import { asOwner, duringAsOwner, mayNeedTo } from "./owner.ts";

export interface InitOptions {
  readonly key?: KeyKind | undefined;
  /** `sqlite:/absolute/path`. */
  readonly store?: string | undefined;
}

export interface Initialized {
  readonly settingsFile: string;
  readonly key: { readonly kind: KeyKind; readonly place: string; readonly created: boolean };
  readonly store: { readonly path: string; readonly created: boolean };
  /** Whom the host's files belong to, as root is told. */
  readonly owner?: Owner;
}

/** Root keeps the files where there is nobody to give them to, or the key is in its keyring. */
export type Owner =
  | { readonly user: typeof DAEMON_USER }
  | { readonly user: "root"; readonly because: "no-user" | "keyring" };

/**
 * @throws Fault `key-missing` for a store whose key is gone, `key-mismatch`, `conflict` for a
 *   key or store other than the settings name, and what the parts throw
 */
export async function initialize(scope: Scope, options: InitOptions = {}): Promise<Initialized> {
  const owner = mayNeedTo(scope) ? settleOwner(scope, options) : undefined;
  const made = await duringAsOwner(scope, () => makeAll(scope, options));
  return owner ? { ...made, owner } : made;
}

/** Gives what is there to the daemon's user, so that what is made next is theirs too. */
function settleOwner(scope: Scope, options: InitOptions): Owner {
  const user = daemonUser();
  if (!user) return { user: "root", because: "no-user" };
  const distrust = declareOwner(user.uid);
  try {
    for (const { path, mode } of scope.directories) makeTrustedDirectory(path, mode);
    const settings = loadSettings(scope);
    if ((options.key ?? settings.key) === "keyring") return { user: "root", because: "keyring" };
    // What is no place for a store is refused where it would be written to the settings.
    const store = /^sqlite:\//.test(options.store ?? "") ? options.store : settings.store;
    handOver(scope, storePath(scope, { ...settings, ...(store ? { store } : {}) }), user);
    return { user: DAEMON_USER };
  } finally {
    distrust();
  }
}

async function makeAll(scope: Scope, options: InitOptions): Promise<Initialized> {
  for (const { path, mode } of scope.directories) makeTrustedDirectory(path, mode);
  const settings = await chooseSettings(scope, options);
  const path = storePath(scope, settings);
  const key = await ensureKey(scope, settings, path);
  const store = { path, created: await ensureStore(scope, settings, path) };
  return { settingsFile: scope.settingsFile, key, store };
}

/**
 * True when neither key nor store is there yet: then other commands may begin them. Settings
 * may be, unless they name another place, which may only be out of reach at the moment.
 */
export function isUntouched(scope: Scope): boolean {
  if ([scope.keyFile, scope.storeFile].some(exists)) return false;
  const { key, store } = asOwner(scope, () => loadSettings(scope));
  return key === "file" && store === undefined;
}

/** What is chosen here is written to the settings, unless they say it already. */
async function chooseSettings(scope: Scope, { key, store }: InitOptions): Promise<Settings> {
  const present = loadSettings(scope);
  const changes: [string, string][] = [];
  if (key && key !== present.key) changes.push(["key", key]);
  if (store && store !== present.store) changes.push(["store", store]);
  if (changes.length === 0) return present;
  if (exists(storePath(scope, present))) {
    throw new Fault("conflict", "this host is set up already, with another key or store", {
      hint: "see countersign config list; moving a store or key is not init's business",
    });
  }
  const { setSetting } = await import("../settings/editor.ts");
  for (const [name, value] of changes) await setSetting(scope, name, value);
  return loadSettings(scope);
}

async function ensureKey(
  scope: Scope,
  settings: Settings,
  store: string,
): Promise<Initialized["key"]> {
  const provider = keyProviderOf(scope, settings);
  const found = await provider.read();
  found?.fill(0);
  const described = { kind: settings.key, place: provider.place };
  if (found) return { ...described, created: false };
  if (exists(store)) {
    throw new Fault("key-missing", `${provider.place}: the key of the store at ${store} is gone`, {
      hint: "put it back from a backup; a new key could not open this store",
    });
  }
  const key = randomBytes(MASTER_KEY_BYTES);
  await provider.create(key);
  key.fill(0);
  return { ...described, created: true };
}

async function ensureStore(scope: Scope, settings: Settings, path: string): Promise<boolean> {
  if (exists(path)) {
    const parts = await openParts(scope, settings, { finish: true });
    await parts.store.close();
    parts.sealer.close();
    return false;
  }
  const key = await keyProviderOf(scope, settings).read();
  if (!key) throw new Fault("key-missing", "the master key vanished while the store was made");
  const sealer = createSealer(key);
  key.fill(0);
  const store = createSqliteStore(path);
  try {
    await bindKey(store, sealer, path);
  } finally {
    await store.close();
    sealer.close();
  }
  return true;
}

/** A dangling link counts as there: it is for the checks to refuse. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
