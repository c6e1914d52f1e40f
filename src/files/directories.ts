/**
 * The directories above a file: whoever can write to one of them can put another file in
 * the file's place, so each is checked, as sshd does (auth_secure_path).
 */
import { chmodSync, lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { errnoOf, type FaultCode } from "../core/fault.ts";
import { ownUid } from "./owner.ts";
import { syncDirectory } from "./sync.ts";
import { said, systemFault, untrusted } from "./untrusted.ts";

/** As many links as the kernel follows before ELOOP (path_resolution(7)). */
const LINKS_MAX = 40;

/**
 * The real path of a directory, after a walk from the root that trusts no step: every
 * directory on the way belongs to root or `owner`, and nobody else can write to it. Links
 * are followed by hand, because realpath(3) would say nothing of the directories that hold
 * them. The way may lead through a sticky directory such as /tmp, where nobody can replace
 * what is another's; it may not end in one, for there anybody can put a journal or a
 * temporary file beside ours first.
 *
 * @returns undefined when the directory, or one above it, is absent
 * @throws Fault `file-untrusted`, `file-unreadable`
 */
export function trustedDirectory(path: string, owner: number): string | undefined {
  let real = "/";
  let stats = look("/");
  const steps = split(resolve(path));
  let links = 0;
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    if (step === "..") {
      real = dirname(real);
      stats = look(real);
      continue;
    }
    checkDirectory(real, stats, owner, true);
    const next = join(real, step);
    const found = look(next);
    if (found === undefined) return undefined;
    if (found.isSymbolicLink()) {
      checkOwner(next, found, owner);
      if (++links > LINKS_MAX) throw untrusted(`${said(path)} leads through too many links`);
      const target = readlinkSync(next);
      if (isAbsolute(target)) real = "/";
      steps.unshift(...split(target));
    } else {
      real = next;
    }
    stats = look(real);
  }
  checkDirectory(real, look(real), owner, false);
  return real;
}

/**
 * Makes a directory and those above it, each with exactly `mode` whatever the umask; one
 * that is there is checked and left as it is. Returns its real path.
 *
 * @param unwritable code of the fault when it cannot be made
 * @throws Fault `file-untrusted`, `file-unreadable`, `unwritable`
 */
export function makeTrustedDirectory(
  path: string,
  mode: number,
  unwritable: FaultCode = "file-unwritable",
  owner: number = ownUid(),
): string {
  const existing = trustedDirectory(path, owner);
  if (existing !== undefined) return existing;
  const whole = resolve(path);
  const parent = parentFor(whole, mode, unwritable, owner);
  const made = join(parent, basename(whole));
  try {
    mkdirSync(made, { mode });
    // After mkdir, because the umask took bits away from the mode.
    chmodSync(made, mode);
    syncDirectory(parent);
  } catch (error) {
    // Somebody else was faster: then theirs is checked.
    const theirs = errnoOf(error) === "EEXIST" ? trustedDirectory(made, owner) : undefined;
    if (theirs !== undefined) return theirs;
    throw systemFault(unwritable, `cannot make the directory ${said(made)}`, error);
  }
  return made;
}

/** The directory above one that is to be made. It may be sticky: what is made is ours. */
function parentFor(path: string, mode: number, unwritable: FaultCode, owner: number): string {
  const parent = dirname(path);
  const stats = look(parent);
  if (stats?.isDirectory() && isSticky(stats)) {
    const above = trustedDirectory(dirname(parent), owner);
    if (above !== undefined) {
      const real = join(above, basename(parent));
      checkDirectory(real, stats, owner, true);
      return real;
    }
  }
  return makeTrustedDirectory(parent, mode, unwritable, owner);
}

function checkDirectory(path: string, stats: Stats | undefined, owner: number, way: boolean): void {
  if (stats === undefined || !stats.isDirectory()) {
    throw untrusted(`${said(path)} is not a directory`, `move ${said(path)} out of the way`);
  }
  checkOwner(path, stats, owner);
  // With an ACL the group bits are its mask, so they also show what named users may do.
  if ((stats.mode & 0o022) !== 0 && !(way && isSticky(stats))) {
    throw untrusted(
      `${said(path)} can be written to by group or others`,
      isSticky(stats) ? "keep the file in a directory of its own" : `chmod go-w ${said(path)}`,
    );
  }
}

function checkOwner(path: string, stats: Stats, owner: number): void {
  if (stats.uid === 0 || stats.uid === owner) return;
  throw untrusted(`${said(path)} belongs to uid ${stats.uid}`, `chown ${owner} ${said(path)}`);
}

function isSticky(stats: Stats): boolean {
  return (stats.mode & 0o1000) !== 0;
}

function split(path: string): string[] {
  return path.split("/").filter((step) => step !== "" && step !== ".");
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw systemFault("file-unreadable", `cannot look at ${said(path)}`, error);
  }
}
