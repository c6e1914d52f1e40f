/** The engine in this process: for root on a host with no daemon, and for one's own store. */
import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { hostname, uptime } from "node:os";
import type { KeyProvider } from "../contracts/key-provider.ts";
import type { Sealer } from "../contracts/sealing.ts";
import type { Store } from "../contracts/store.ts";
import { KEY_CHECK_CELL } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { compile } from "../core/policy/decide.ts";
import { cleanTexts } from "../core/texts.ts";
import type { EngineParts, EnginePolicy } from "../engine/parts.ts";
import { keyProvider } from "../keys/providers.ts";
import { createSealer } from "../keys/sealing.ts";
import { DEFAULT_COST, slowHash } from "../keys/slow-hash.ts";
import type { Settings } from "../settings/schema.ts";
import type { Scope } from "../settings/scope.ts";
import { throttlePolicy, totpWindow } from "../settings/settings.ts";
import { SqliteStagings } from "../stores/sqlite/staging.ts";
import { type OpenOptions, openSqliteStore } from "../stores/sqlite/store.ts";
import {
  hostGroupsOf,
  hostLogins,
  hostMembersOf,
  hostUsers,
  unknownToHost,
} from "./host-groups.ts";
import { hostViewOf } from "./host-view.ts";
import { loginCardOf } from "./login-card.ts";
import { methodsOf } from "./methods.ts";

/** What is sealed once into every store: only the store's own key opens it. */
const KEY_CHECK = "countersign key check 1";
const KEY_CHECK_FACT = "key-check";

/** The store's file, by the settings or by the scope. */
export function storePath(scope: Scope, settings: Settings): string {
  return settings.store ? settings.store.slice("sqlite:".length) : scope.storeFile;
}

/** Where the master key of a scope lives. */
export function keyProviderOf({ keyFile }: Scope, { key }: Settings): KeyProvider {
  return keyProvider(key, { keyFile, env: process.env });
}

/**
 * Opens the key and the store of a scope.
 * @param options `finish`: also a store whose creation was cut short, which is ended now
 * @throws Fault of a `key-…`, `store-…` or `file-…` code
 */
export async function openParts(
  scope: Scope,
  settings: Settings,
  options: OpenOptions = {},
): Promise<EngineParts> {
  // Stopped in the middle of a transaction (Ctrl-Z, sent by a user to root's process in their
  // terminal), it would hold the store's lock and keep everybody out.
  process.on("SIGTSTP", () => undefined);
  const path = storePath(scope, settings);
  const sealer = await openSealer(scope, settings);
  const store = openSqliteStore(path, options);
  try {
    await (options.finish ? bindKey : checkKey)(store, sealer, path);
  } catch (error) {
    await store.close();
    sealer.close();
    throw error;
  }
  const parts = assemble(store, sealer, settings);
  // A store of somebody's own, or of a trial, is asked by no login.
  return scope.name === "system" ? parts : { ...parts, hostLogins: async () => new Set() };
}

/** The same parts, deciding by other settings; key and store stay what they are. */
export function applySettings(parts: EngineParts, settings: Settings): EngineParts {
  const decided = {
    window: totpWindow(settings),
    lookAhead: settings.hotp,
    policy: policyOf(settings),
    loginCard: loginCardOf(settings),
  };
  return { ...parts, ...decided, methods: methodsOf(settings) };
}

/** The engine's parts over a store and its sealer. */
export function assemble(store: Store, sealer: Sealer, settings: Settings): EngineParts {
  return {
    store,
    stagings: new SqliteStagings(),
    sealer,
    clock: Date,
    uptime: () => Math.floor(uptime() * 1000),
    random: randomBytes,
    slowHash,
    scryptCost: DEFAULT_COST,
    methods: methodsOf(settings),
    window: totpWindow(settings),
    lookAhead: settings.hotp,
    policy: policyOf(settings),
    hostName: hostname(),
    groupsOf: hostGroupsOf,
    membersOf: hostMembersOf,
    hostViewOf,
    hostUsers,
    hostLogins,
    unknownUsers: (users) => unknownToHost("passwd", users),
    loginCard: loginCardOf(settings),
  };
}

/**
 * Ties a new store to its key, or makes sure that the key is the store's own.
 * @throws Fault `key-mismatch`: a key that does not fit is refused, never replaced
 */
export async function bindKey(store: Store, sealer: Sealer, path: string): Promise<void> {
  if (!(await readKeyCheck(store))) {
    const value = sealer.seal(Buffer.from(KEY_CHECK), KEY_CHECK_CELL);
    await store.transact((tx) => tx.facts.setOnce(KEY_CHECK_FACT, value));
  }
  await checkKey(store, sealer, path);
}

function readKeyCheck(store: Store): Promise<Uint8Array | undefined> {
  return store.read((view) => view.facts.get(KEY_CHECK_FACT));
}

async function checkKey(store: Store, sealer: Sealer, path: string): Promise<void> {
  const sealed = await readKeyCheck(store);
  if (!sealed) {
    throw new Fault("store-corrupt", `${path}: the store does not say which key it was made with`, {
      hint: "restore it from a backup; where nobody has enrolled yet: countersign init",
    });
  }
  try {
    sealer.open(sealed, KEY_CHECK_CELL);
  } catch (cause) {
    throw new Fault(
      "key-mismatch",
      `${path}: the master key is not the one this store was made with`,
      {
        hint: "put the store's own key back, from a backup; nothing was changed",
        cause,
      },
    );
  }
}

async function openSealer(scope: Scope, settings: Settings): Promise<Sealer> {
  const provider = keyProviderOf(scope, settings);
  const key = await provider.read();
  if (!key) {
    if (!lstatSync(storePath(scope, settings), { throwIfNoEntry: false })) throw nothingYet(scope);
    throw new Fault("key-missing", `${provider.place}: the master key is not there`, {
      hint: "put it back from a backup; a new key could not open this store",
    });
  }
  const sealer = createSealer(key);
  key.fill(0);
  return sealer;
}

/** Whoever forgot sudo meant the host's. */
function nothingYet({ name }: Scope): Fault {
  return new Fault("store-missing", "nothing is set up here yet", {
    hint: `countersign init${name === "personal" ? " for what is yours alone; sudo for the host's" : ""}`,
  });
}

function policyOf(settings: Settings): EnginePolicy {
  return {
    issuer: settings.issuer ?? hostname(),
    throttle: throttlePolicy(settings),
    unenrolled: settings.policy.unenrolled,
    enabled: settings.policy.enabled === "on",
    rules: compile(settings.policy.rules),
    roles: settings.roles,
    graceLimit: settings.policy.graceLimit,
    defaultMethod: settings.policy.defaultMethod,
    enrollmentLifetime: settings.enrollment.expiresAfter * 1000,
    texts: cleanTexts(settings.texts),
    invitationLifetime: settings.invite.expiresAfter * 1000,
  };
}
