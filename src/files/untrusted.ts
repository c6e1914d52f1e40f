/** How a refused file is told: one line that names it, and the mend. */
import { errnoOf, Fault, type FaultCode } from "../core/fault.ts";
import { printable } from "../core/printable.ts";

/** A path as it may stand in a message: a file's name can hold escape sequences. */
export function said(path: string): string {
  return printable(path, 4096);
}

export function untrusted(message: string, hint?: string): Fault {
  return new Fault("file-untrusted", message, hint === undefined ? {} : { hint });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EFBIG: "the file size limit is reached",
  ENOENT: "no such file or directory",
  EEXIST: "something else has that name",
  ENOTDIR: "a part of the path is not a directory",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many symbolic links",
  EIO: "input/output error",
  EMFILE: "too many open files",
  ENFILE: "too many open files on this host",
};

/** A fault for an error of the operating system, in words rather than its errno. */
export function systemFault(code: FaultCode, message: string, error: unknown): Fault {
  const errno = errnoOf(error) ?? "unknown error";
  return new Fault(code, `${message}: ${REASONS[errno] ?? errno}`, { cause: error });
}
