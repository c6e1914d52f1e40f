/** The daemon's own user: whom it is to be, and the way there where root started it. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DAEMON_USER, daemonUser } from "../files/daemon-user.ts";
import { giveDirectory } from "../files/give.ts";
import { become, type Identity } from "../files/identity.ts";
import { makeTrustedDirectory } from "../files/trusted-file.ts";
import type { Scope } from "../settings/scope.ts";

/**
 * Becomes the user that the host's files belong to, for good, and leaves the directory of the
 * socket to it. Files that are root's take a daemon that is root.
 * @returns for the log, why it stays root; undefined where it is another, or was from the start
 * @throws Fault for a process that must not go on
 */
export function becomeOwnUser(scope: Scope): string | undefined {
  if (scope.name !== "system" || process.getuid?.() !== 0) return undefined;
  const user = daemonUser();
  if (!user) {
    return (
      "running as root, for this host has no user countersign; to mend it: " +
      "useradd --system --shell /usr/sbin/nologin countersign && countersign init, then restart"
    );
  }
  if (!isHolder(user, scope)) {
    return "running as root, whose the files are; to mend it: countersign init, then restart";
  }
  const directory = dirname(scope.socketFile);
  makeTrustedDirectory(directory, 0o755, "file-unwritable", user.uid);
  giveDirectory(directory, user);
  become(user);
  return undefined;
}

/** The name of this process's user, where it is the daemon's own: then it is an installed one. */
export function isOwnUser(login: string): boolean {
  return login === DAEMON_USER;
}

function isHolder({ uid }: Identity, { storeFile }: Scope): boolean {
  return statSync(dirname(storeFile), { throwIfNoEntry: false })?.uid === uid;
}
