/** A file's name is on disk once its directory is: fsync(2) of the file does not do that. */
import { closeSync, fsyncSync, openSync } from "node:fs";

export function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
