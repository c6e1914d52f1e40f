/**
 * The one door: commands come through here, and none knows which side of it the engine is
 * on: this process, or the daemon behind its socket.
 */
import { lstatSync } from "node:fs";
import type { SystemLog } from "../contracts/system-log.ts";
import { Fault } from "../core/fault.ts";
import type { Settings } from "../settings/schema.ts";
import type { Scope } from "../settings/scope.ts";
import { actingAsOwner } from "./acting.ts";
import { callerOfThisProcess } from "./caller.ts";
import { type ConnectOptions, currentScope, type Reached, reachDaemon } from "./door.ts";
import { asOwner, duringAsOwner } from "./owner.ts";

export { type ConnectOptions, currentScope };

export interface Connection extends Reached {
  /** True for a person's own store, which no login asks; a daemon's is the host's, whoever calls. */
  readonly isOwnStore: boolean;
  /** Read when they are asked for: where a daemon decides, its own are in force. */
  readonly settings: () => Promise<Settings>;
}

/** @throws Fault `settings-invalid`, or of a `key-…`, `store-…` or `file-…` code */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  const reached = await reachDaemon(options);
  if (reached === undefined) return inThisProcess(options);
  const settings = () => settingsOf(reached.scope);
  return { ...reached, isOwnStore: false, settings };
}

/** @throws Fault `settings-invalid`, or of a `file-…` code */
async function settingsOf(scope: Scope): Promise<Settings> {
  const { loadSettings } = await import("../settings/settings.ts");
  return asOwner(scope, () => loadSettings(scope));
}

async function inThisProcess(options: ConnectOptions): Promise<Connection> {
  const caller = callerOfThisProcess();
  const scope = options.scope ?? currentScope(options.pam);
  // First of all: to a user's eyes the owner of the host's files is a stranger.
  if (scope.name === "system" && caller.uid !== 0) throw withoutDaemon(scope);
  const settings = await settingsOf(scope);
  if (options.begin) await beginWhereUntouched(scope);
  const { loadLoginCard } = await import("./login-card.ts");
  const { loadMethods } = await import("./methods.ts");
  const { openParts } = await import("./in-process.ts");
  const { countersignFor } = await import("../engine/countersign.ts");
  await loadMethods(settings);
  const systemLog = await systemLogOf(scope, settings);
  await loadLoginCard(settings);
  // Whoever owns the files need not be able to read the program: it is loaded by now.
  const opened = await duringAsOwner(scope, () => openParts(scope, settings));
  const parts = { ...opened, systemLog };
  const service = actingAsOwner(countersignFor(parts, caller), scope);
  const isOwnStore = scope.name === "personal";
  return { service, caller, scope, isOwnStore, settings: async () => settings };
}

/** Of the host's own doings alone: a trial's, and a person's, are not for its administrators. */
async function systemLogOf({ name }: Scope, { audit }: Settings): Promise<SystemLog | undefined> {
  if (name !== "system" || audit.systemLog === "off") return undefined;
  const { openSystemLog } = await import("../system-log/system-log.ts");
  return openSystemLog();
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

/** True for somebody without root where a daemon is: it keeps what they enroll, among the host's. */
export function isHeldByDaemon({ name, socketFile }: Scope): boolean {
  return name === "personal" && lstatSync(socketFile, { throwIfNoEntry: false }) !== undefined;
}

async function beginWhereUntouched(scope: Scope): Promise<void> {
  const { initialize, isUntouched } = await import("./initialize.ts");
  if (isUntouched(scope)) await initialize(scope);
}
