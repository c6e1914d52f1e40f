/** The user that countersignd runs as, where a host has it: what is the host's belongs to it. */
import { lstatSync, readFileSync } from "node:fs";
import type { Identity } from "./identity.ts";
import { ownUid } from "./owner.ts";

export const DAEMON_USER = "countersign";

const PASSWD = "/etc/passwd";
const GETENT = "/usr/bin/getent";
/** Milliseconds; a directory service that does not answer is not waited for. */
const PATIENCE = 5_000;

let known: { readonly user: Identity | undefined } | undefined;

/**
 * The user by the host's own word, asked once. Logins wait for this, so the file is read
 * where it says, and getent(1), a process, started only where it does not.
 */
export function daemonUser(): Identity | undefined {
  known ??= { user: entryIn(passwd()) ?? entryIn(getent()) };
  return known.user;
}

/**
 * Uid to trust besides root for a directory that the daemon, this process's user or root may
 * hold: the daemon's where it is the daemon's, else one's own.
 */
export function trustedOwnerOf(directory: string): number {
  const own = ownUid();
  const uid = lstatSync(directory, { throwIfNoEntry: false })?.uid ?? own;
  if (uid === 0 || uid === own) return own;
  return daemonUser()?.uid === uid ? uid : own;
}

function passwd(): string {
  try {
    return readFileSync(PASSWD, "latin1");
  } catch {
    return "";
  }
}

function getent(): string {
  // No import of it: a login would wait for what it loads, and hardly any comes here.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { stdout } = spawnSync(GETENT, ["passwd", "--", DAEMON_USER], {
    env: {},
    encoding: "latin1",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: PATIENCE,
  });
  return stdout ?? "";
}

/** passwd(5). A second root is no user of its own. */
function entryIn(text: string): Identity | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${DAEMON_USER}:`));
  const [, , uid = "", gid = ""] = line?.split(":") ?? [];
  if (!/^[0-9]{1,10}$/.test(uid) || !/^[0-9]{1,10}$/.test(gid) || Number(uid) === 0) {
    return undefined;
  }
  return { uid: Number(uid), gid: Number(gid) };
}
