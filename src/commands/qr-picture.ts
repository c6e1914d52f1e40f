/** The file of --qr-file, before the secret that goes into it is made. */
import { accessSync, constants, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../core/fault.ts";
import { checkQrFileName } from "../terminal/qr-file.ts";

/**
 * Refuses what writing it would refuse later, when a fresh code may have been spent.
 * @throws Fault `usage` for a name of another kind, `file-exists`, `file-unwritable`
 */
export function checkQrFile(path: string): void {
  checkQrFileName(path);
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Fault("file-unwritable", "the QR file cannot be written where it is to be", {
      hint: "name a directory that is there, and that you may write to",
      cause,
    });
  }
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  throw new Fault("file-exists", "the QR file is there already", {
    hint: "name another, or remove it first",
  });
}
