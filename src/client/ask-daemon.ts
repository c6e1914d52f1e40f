/** Asks a daemon about itself, and does not wait long for it. */

import { realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AboutDaemon } from "../contracts/daemon.ts";
import { Fault } from "../core/fault.ts";
import type { DaemonAnswer, DaemonReaders } from "../doctor/daemon.ts";
import type { PamPlaces } from "../doctor/pam/services.ts";
import { askedSockets } from "../doctor/pam.ts";
import { daemonUser, trustedOwnerOf } from "../files/daemon-user.ts";
import type { Scope } from "../settings/scope.ts";
import { answers, openerOf } from "./daemon-socket.ts";
import { callOver } from "./over-socket.ts";

/** Milliseconds. */
const PATIENCE = 2_000;

export function daemonReaders(
  { socketFile, storeFile }: Scope,
  pam: PamPlaces,
  isForced: () => boolean,
): DaemonReaders {
  return {
    isForced,
    socket: socketFile,
    asked: () => askedSockets(pam),
    trusted: trustedOwnerOf,
    ask: askDaemon,
    ownUid: () => daemonUser()?.uid,
    filesUid: () => statSync(dirname(storeFile), { throwIfNoEntry: false })?.uid ?? 0,
    dist: join(dirname(realpathSync(process.argv[1] ?? ".")), "../dist"),
  };
}

async function askDaemon(socket: string): Promise<DaemonAnswer> {
  if (!(await answers(socket))) return "deaf";
  try {
    return await callOver<AboutDaemon>(openerOf(socket), "about", {}, { patience: PATIENCE });
  } catch (error) {
    if (error instanceof Fault) return "silent";
    throw error;
  }
}
