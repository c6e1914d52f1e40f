/**
 * The one door: commands come through here, and none knows which side of it the engine is
 * on: this process, or the daemon behind its socket.
 */
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import type { Caller, Countersign } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { trustedDirectory } from "../files/directories.ts";
import type { Settings } from "../settings/schema.ts";
import { type Scope, scopeOf } from "../settings/scope.ts";
import { loadSettings } from "../settings/settings.ts";
import { callerOfThisProcess } from "./caller.ts";

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
  const settings = loadSettings(scope);
  if (await hasDaemon(scope, caller)) {
    const { countersignOver } = await import("./over-socket.ts");
    return { service: countersignOver(scope.socketFile), caller, scope, settings };
  }
  if (scope.name === "system" && caller.uid !== 0) throw withoutDaemon(scope);
  if (options.begin) await beginWhereUntouched(scope);
  const { openParts } = await import("./in-process.ts");
  const { countersignFor } = await import("../engine/countersign.ts");
  const parts = await openParts(scope, settings);
  return { service: countersignFor(parts, caller), caller, scope, settings };
}

/**
 * True where a daemon holds the store. Root goes on without one that does not answer, and
 * repairs things so; anyone else's authenticators are in its store, and nowhere else.
 * @throws Fault `file-untrusted` for a socket that another user may have put there
 */
async function hasDaemon({ socketFile }: Scope, { uid }: Caller): Promise<boolean> {
  if (!lstatSync(socketFile, { throwIfNoEntry: false })) return false;
  trustedDirectory(dirname(socketFile), uid);
  if (uid !== 0) return true;
  const { answers } = await import("./daemon-socket.ts");
  return answers(socketFile);
}

/** The host's store and key are not a user's to read. */
function withoutDaemon({ socketFile }: Scope): Fault {
  return new Fault("store-unreadable", `${socketFile}: countersignd is not running`, {
    hint: "ask an administrator to start it: systemctl start countersignd",
  });
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
