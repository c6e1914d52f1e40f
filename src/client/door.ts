/**
 * The door's one half that a login waits for: to the daemon, where one holds the store. It
 * loads nothing of the engine, nor of the settings.
 */
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import type { Caller, Countersign } from "../contracts/service.ts";
import { trustedOwnerOf } from "../files/daemon-user.ts";
import { trustedDirectory } from "../files/directories.ts";
import { said, systemFault } from "../files/untrusted.ts";
import { type Scope, scopeOf } from "../settings/scope.ts";
import { callerOfThisProcess } from "./caller.ts";
import type { Opener } from "./daemon-socket.ts";

export interface ConnectOptions {
  /** In PAM's name: always the system's scope, whatever the environment says. */
  readonly pam?: boolean;
  /** Makes settings, key and store with the defaults where nothing is there yet. */
  readonly begin?: boolean;
  /** Another scope than this process's own: a throw-away one. */
  readonly scope?: Scope;
}

/** The engine, on whichever side of the door it is. */
export interface Reached {
  readonly service: Countersign;
  readonly caller: Caller;
  readonly scope: Scope;
}

/** Lets `use` through and closes behind it; undefined, and nothing done, where it leads nowhere. */
export type Door = <T>(
  options: ConnectOptions,
  use: (reached: Reached) => Promise<T>,
) => Promise<T | undefined>;

/** This process's scope: root's is the system's, anyone else's is their own. */
export function currentScope(pam = false): Scope {
  const { uid, home } = callerOfThisProcess();
  return scopeOf({ uid, home, env: process.env, pam });
}

/** The door to the daemon alone. */
export const throughDaemon: Door = async (options, use) => {
  const reached = await reachDaemon(options);
  return reached && use(reached);
};

/**
 * To the daemon that holds the store; undefined where there is none.
 * @throws Fault `file-untrusted` for a socket that another user may have put there
 */
export async function reachDaemon(options: ConnectOptions): Promise<Reached | undefined> {
  const caller = callerOfThisProcess();
  const scope = options.scope ?? currentScope(options.pam);
  const open = await daemonOf(scope, caller);
  if (open === undefined) return undefined;
  const { countersignOver } = await import("./over-socket.ts");
  return { service: countersignOver(open), caller, scope };
}

/**
 * Root goes on without a daemon that does not answer, and repairs things so; anyone else's
 * authenticators are in its store, and nowhere else.
 */
async function daemonOf({ socketFile }: Scope, { uid }: Caller): Promise<Opener | undefined> {
  if (!isThere(socketFile)) return undefined;
  const directory = dirname(socketFile);
  trustedDirectory(directory, trustedOwnerOf(directory));
  const { openerIfAnswered, openerOf } = await import("./daemon-socket.ts");
  return uid === 0 ? openerIfAnswered(socketFile) : openerOf(socketFile);
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw systemFault("file-unreadable", `cannot look at ${said(path)}`, error);
  }
}
