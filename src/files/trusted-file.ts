/**
 * Files in hostile directories: opened safely, or refused. This runs as root in the login
 * path; a planted link, fifo or foreign file must neither be followed nor waited for
 * (pam_oath, CVE-2024-47191). Synchronous, since it is on the start-up path.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, Fault, type FaultCode } from "../core/fault.ts";
import { makeTrustedDirectory, trustedDirectory } from "./directories.ts";
import { ownUid } from "./owner.ts";
import { syncDirectory } from "./sync.ts";
import { said, systemFault, untrusted } from "./untrusted.ts";

export { makeTrustedDirectory };

export interface Trust {
  /** The uid whose file it may be besides root's; `ownUid` when absent. */
  readonly owner?: number;
  /**
   * True for what nobody else may read. With "group-reads" the group may: where a file has
   * an ACL, as systemd gives its credentials, the group bits are the ACL's mask.
   */
  readonly secret: boolean | "group-reads";
}

/** What SQLite keeps beside a database, by suffix. */
export const SQLITE_SIBLINGS = ["-wal", "-shm", "-journal"] as const;

/**
 * The file's bytes, or undefined when there is none. The caller zeroes what is secret.
 * @param trust `maxBytes`: a larger file is refused unread
 * @throws Fault `file-untrusted`, `file-unreadable`
 */
export function readTrusted(
  path: string,
  trust: Trust & { readonly maxBytes: number },
): Buffer | undefined {
  const real = locate(path, trust);
  // A first look without opening: opening alone can set a device going.
  if (real === undefined || !inspect(path, lookAt(path, real), trust)) return undefined;
  const descriptor = open(path, real);
  if (descriptor === undefined) return undefined;
  try {
    // What was opened counts, whatever the name stands for by now.
    inspect(path, fstatSync(descriptor), trust);
    return readAll(path, descriptor, trust.maxBytes);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw systemFault("file-unreadable", `cannot read ${said(path)}`, error);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The same checks for a file that a library opens by its path. The directories above it
 * are checked, so between this and that nobody but root and the owner can change it.
 * @param siblings suffixes of files beside it that are checked too
 * @returns false when the file is absent; siblings may always be
 * @throws Fault `file-untrusted`, `file-unreadable`
 */
export function checkTrusted(
  path: string,
  trust: Trust,
  siblings: readonly string[] = [],
): boolean {
  const real = locate(path, trust);
  if (real === undefined) return false;
  for (const suffix of siblings) inspect(path + suffix, lookAt(path, real + suffix), trust);
  return inspect(path, lookAt(path, real), trust);
}

/**
 * A new file with these bytes and exactly this mode, on disk when it returns; what a full
 * disk cut short is removed again.
 * @param unwritable code of the fault when it cannot be written
 * @throws Fault `file-exists`, `file-untrusted`, `file-unreadable`, `unwritable`
 */
export function createTrusted(
  path: string,
  bytes: Uint8Array,
  mode: number,
  unwritable: FaultCode = "file-unwritable",
): void {
  const directory = trustedDirectory(dirname(path), ownUid());
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  let made: string | undefined;
  try {
    if (directory === undefined) throw Object.assign(new Error(), { code: "ENOENT" });
    const real = join(directory, basename(path));
    const descriptor = openSync(real, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    made = real;
    try {
      fchmodSync(descriptor, mode);
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    syncDirectory(directory);
  } catch (error) {
    if (made !== undefined) rmSync(made, { force: true });
    if (errnoOf(error) === "EEXIST") {
      throw new Fault("file-exists", `${said(path)} is there already`, { cause: error });
    }
    throw systemFault(unwritable, `cannot write ${said(path)}`, error);
  }
}

function locate(path: string, trust: Trust): string | undefined {
  const directory = trustedDirectory(dirname(path), ownerOf(trust));
  return directory === undefined ? undefined : join(directory, basename(path));
}

function lookAt(path: string, real: string): Stats | undefined {
  try {
    return lstatSync(real, { throwIfNoEntry: false });
  } catch (error) {
    throw systemFault("file-unreadable", `cannot look at ${said(path)}`, error);
  }
}

function open(path: string, real: string): number | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return undefined;
    if (errno === "ELOOP") throw untrusted(`${said(path)} is a symbolic link`);
    throw systemFault("file-unreadable", `cannot read ${said(path)}`, error);
  }
}

/** Refuses a file that another could have planted or can read; false when it is absent. */
function inspect(path: string, stats: Stats | undefined, trust: Trust): boolean {
  if (stats === undefined) return false;
  const name = said(path);
  if (stats.isSymbolicLink()) {
    throw untrusted(`${name} is a symbolic link`, "put the file itself in its place");
  }
  if (!stats.isFile()) {
    throw untrusted(`${name} is not a regular file`, `move ${name} out of the way`);
  }
  const owner = ownerOf(trust);
  if (stats.uid !== 0 && stats.uid !== owner) {
    throw untrusted(
      `${name} belongs to uid ${stats.uid}`,
      `if what it holds is yours: chown ${owner} ${name}`,
    );
  }
  // None at all is a file replaced since it was opened: whole, and the one that was checked.
  if (stats.nlink > 1) {
    throw untrusted(
      `${name} has a second name (hard link)`,
      `cp -p ${name} ${name}.new && mv ${name}.new ${name}`,
    );
  }
  const mend = `chmod ${trust.secret ? "600" : "644"} ${name}`;
  if ((stats.mode & 0o022) !== 0)
    throw untrusted(`${name} can be written to by group or others`, mend);
  const readers = trust.secret === true ? 0o055 : trust.secret === "group-reads" ? 0o015 : 0;
  if ((stats.mode & readers) !== 0) throw untrusted(`${name} can be read by others`, mend);
  return true;
}

function readAll(path: string, descriptor: number, maxBytes: number): Buffer {
  // Never from Buffer's shared pool: the caller zeroes it. One byte more tells "too large".
  const bytes = Buffer.alloc(Math.min(fstatSync(descriptor).size, maxBytes) + 1);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (read === 0) return bytes.subarray(0, length);
    length += read;
  }
  bytes.fill(0);
  throw untrusted(`${said(path)} is larger than ${maxBytes} bytes, or grew while it was read`);
}

function ownerOf(trust: Trust): number {
  return trust.owner ?? ownUid();
}
