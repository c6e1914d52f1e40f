/** Gives a host's files to the user that the daemon runs as, in an order that may be cut short. */
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../core/fault.ts";
import { DAEMON_USER } from "../files/daemon-user.ts";
import { trustedDirectory } from "../files/directories.ts";
import { giveDirectory, giveFile } from "../files/give.ts";
import type { Identity } from "../files/identity.ts";
import { SQLITE_SIBLINGS } from "../files/trusted-file.ts";
import { said } from "../files/untrusted.ts";
import type { Scope } from "../settings/scope.ts";

/**
 * Done again it goes on where it was cut short. The directory of the store comes last, for by
 * its owner root's engine decides whom to act as: until then it is root, who can read all.
 *
 * @param store the store's file, which the settings may have put elsewhere
 * @throws Fault `conflict` for one in a directory that is not that user's, before anything is
 *   given; `file-untrusted`, `file-unwritable`
 */
export function handOver(scope: Scope, store: string, user: Identity): void {
  checkElsewhere(scope, store, user);
  for (const path of [scope.settingsFile, scope.keyFile, store]) giveFile(path, user);
  for (const suffix of SQLITE_SIBLINGS) giveFile(store + suffix, user);
  giveDirectory(dirname(scope.settingsFile), user);
  giveDirectory(dirname(scope.storeFile), user);
}

/** A directory of the administrator's choice may hold other things: giving it away is theirs. */
function checkElsewhere(scope: Scope, store: string, { uid }: Identity): void {
  const directory = dirname(store);
  if (directory === dirname(scope.storeFile)) return;
  const real = trustedDirectory(directory, uid);
  if (real === undefined || lstatSync(real).uid === uid) return;
  const name = said(directory);
  throw new Fault("conflict", `${name}, where the store is, does not belong to ${DAEMON_USER}`, {
    hint: `chown ${DAEMON_USER}: ${name}, then again: countersign init`,
  });
}
