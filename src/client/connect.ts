/**
 * The one door: commands come through here, and none knows which side of it the engine is
 * on. Today it is this process; the daemon's socket will be the other.
 */
import { lstatSync } from "node:fs";
import type { Caller, Countersign } from "../contracts/service.ts";
import { countersignFor } from "../engine/countersign.ts";
import type { Settings } from "../settings/schema.ts";
import { type Scope, scopeOf } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { callerOfThisProcess } from "./caller.ts";
import { openParts } from "./in-process.ts";

export interface ConnectOptions {
  /** In PAM's name: always the system's scope, whatever the environment says. */
  readonly pam?: boolean;
  /** Makes settings, key and store with the defaults where nothing is there yet. */
  readonly begin?: boolean;
  /** Another scope than this process's own: a throw-away one. */
  readonly scope?: Scope;
}

export interface Connection {
  readonly service: Countersign;
  readonly caller: Caller;
  readonly scope: Scope;
  readonly settings: Settings;
}

/** This process's scope: root's is the system's, anyone else's is their own. */
export function currentScope(pam = false): Scope {
  const { uid, home } = callerOfThisProcess();
  return scopeOf({ uid, home, env: process.env, pam });
}

/** @throws Fault `settings-invalid`, or of a `key-…`, `store-…` or `file-…` code */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const caller = callerOfThisProcess();
  const scope = options.scope ?? currentScope(options.pam);
  if (options.begin) await beginWhereUntouched(scope);
  const settings = loadSettings(scope);
  const parts = await openParts(scope, settings);
  return { service: countersignFor(parts, caller), caller, scope, settings };
}

/** Opens the door, lets `use` through, and closes it whatever happens. */
export async function withCountersign<T>(
  options: ConnectOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(options);
  try {
    return await use(connection);
  } finally {
    await connection.service.close();
  }
}

/** True when the scope has a store or a key. */
export function isSetUp({ storeFile, keyFile }: Scope): boolean {
  return [storeFile, keyFile].some((path) => lstatSync(path, { throwIfNoEntry: false }));
}

async function beginWhereUntouched(scope: Scope): Promise<void> {
  const { initialize, isUntouched } = await import("./initialize.ts");
  if (isUntouched(scope)) await initialize(scope);
}
