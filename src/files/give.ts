/** Gives root's files to another user, and follows nothing that was planted (CVE-2024-47191). */
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";
import { trustedDirectory } from "./directories.ts";
import type { Identity } from "./identity.ts";
import { said, systemFault, untrusted } from "./untrusted.ts";

const ROOT = 0;

/**
 * Makes that user the owner of a file that is theirs or root's; done again it changes
 * nothing. On disk when it returns. Nothing happens where there is no such file.
 * @throws Fault `file-untrusted`, `file-unwritable`
 */
export function giveFile(path: string, to: Identity): void {
  const directory = trustedDirectory(dirname(path), to.uid);
  if (directory === undefined) return;
  const real = join(directory, basename(path));
  give(path, real, constants.O_NONBLOCK | constants.O_NOCTTY, to, dirname(path));
}

/** The same for a directory; what lies in it stays whose it is. */
export function giveDirectory(path: string, to: Identity): void {
  const real = trustedDirectory(path, to.uid);
  if (real !== undefined) give(path, real, constants.O_DIRECTORY, to, path);
}

/** @param way a directory to which only root may have led, unless its holder is that user's */
function give(path: string, real: string, flags: number, to: Identity, way: string): void {
  const held: number[] = [];
  const hold = (name: string, how: number): number => {
    const descriptor = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | how);
    held.push(descriptor);
    return descriptor;
  };
  try {
    const holder = hold(dirname(real), constants.O_DIRECTORY);
    const descriptor = hold(`/proc/self/fd/${holder}/${basename(real)}`, flags);
    const stats = fstatSync(descriptor);
    checkGift(path, stats, to);
    if (stats.uid === to.uid && stats.gid === to.gid) return;
    // What is root's, and on a way of that user's, may be anything by now, such as /etc/shadow.
    if (stats.uid !== to.uid && fstatSync(holder).uid !== to.uid) trustedDirectory(way, ROOT);
    fchownSync(descriptor, to.uid, to.gid);
    fsyncSync(descriptor);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const errno = errnoOf(error);
    if (errno === "ENOENT") return;
    if (errno === "ELOOP") throw untrusted(`${said(path)} is a symbolic link`);
    throw systemFault("file-unwritable", `cannot give ${said(path)} to uid ${to.uid}`, error);
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

function checkGift(path: string, stats: Stats, to: Identity): void {
  const name = said(path);
  if (!stats.isFile() && !stats.isDirectory()) throw untrusted(`${name} is not a regular file`);
  if (stats.uid !== 0 && stats.uid !== to.uid) {
    throw untrusted(`${name} belongs to uid ${stats.uid}`, `chown ${to.uid} ${name}`);
  }
  // The other name may be anywhere, and another program's.
  if (stats.isFile() && stats.nlink > 1) throw untrusted(`${name} has a second name (hard link)`);
}
