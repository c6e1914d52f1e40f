/**
 * Reads configuration that belongs to others: links are followed as its own reader does,
 * but no fifo or device is waited for, and nothing endless is read.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { errnoOf } from "../core/fault.ts";

/** Far larger than any PAM or sshd configuration. */
const TEXT_MAX_BYTES = 512 * 1024;

/** `refused`: why there is no text, such as "is not a regular file"; "absent" says that there is none. */
export type TextFile = { readonly text: string } | { readonly refused: string } | "absent";

export function readTextFile(path: string): TextFile {
  try {
    // A first look without opening: opening alone can set a device going.
    const refused = unreadable(statSync(path));
    if (refused) return { refused };
    const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
    const descriptor = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    try {
      return readOpen(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return "absent";
    return { refused: errno === "ELOOP" ? "is a link to itself" : `cannot be read (${errno})` };
  }
}

function readOpen(descriptor: number): TextFile {
  const stats = fstatSync(descriptor);
  const refused = unreadable(stats);
  if (refused) return { refused };
  const bytes = Buffer.alloc(stats.size);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (read === 0) break;
    length += read;
  }
  const whole = bytes.subarray(0, length);
  if (whole.includes(0)) return { refused: "is not text" };
  return { text: whole.toString("utf8") };
}

function unreadable(stats: { isFile(): boolean; readonly size: number }): string | undefined {
  if (!stats.isFile()) return "is not a regular file";
  return stats.size > TEXT_MAX_BYTES ? `is larger than ${TEXT_MAX_BYTES / 1024} KiB` : undefined;
}
