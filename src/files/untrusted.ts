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

/** What the errno says, and what to do about it. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: ["permission denied", "check who owns it and the directories above, or use sudo"],
  EPERM: ["not permitted", "check who owns it and the directories above, or use sudo"],
  ENOSPC: ["no space left on the device", "free some space and try again"],
  EDQUOT: ["the disk quota is used up", "free some space and try again"],
  EROFS: ["the file system is read-only", "mount it read-write and try again"],
  EFBIG: ["the file size limit is reached", "raise the limit: ulimit -f"],
  ENOENT: ["no such file or directory", "check the path"],
  EEXIST: ["something else has that name", "move it away and try again"],
  ENOTDIR: ["a part of the path is not a directory", "check the path"],
  ENAMETOOLONG: ["the name is too long", "choose a shorter path"],
  ELOOP: ["too many symbolic links", "check where the links lead"],
  EIO: ["input/output error", "check the disk and its file system"],
  EMFILE: ["too many open files", "raise the limit: ulimit -n"],
  ENFILE: ["too many open files on this host", "try again in a moment"],
};

/** A fault for an error of the operating system, in words rather than its errno. */
export function systemFault(code: FaultCode, message: string, error: unknown): Fault {
  const errno = errnoOf(error) ?? "unknown error";
  const [reason, hint] = REASONS[errno] ?? [errno];
  return new Fault(code, `${message}: ${reason}`, { cause: error, ...(hint ? { hint } : {}) });
}
