/** What SQLite reports, as a fault with its mend. */
import { errnoOf, Fault, type FaultCode } from "../../core/fault.ts";
import { DamagedRow } from "./connection.ts";

const LOCKED = [
  "store-locked",
  "the store is locked by another process",
  "try again in a moment",
] as const;
const RESTORE = "restore it from a backup; keep the damaged file";

// Primary result codes: https://www.sqlite.org/rescode.html
const MEANINGS: Readonly<Record<number, readonly [FaultCode, string, string]>> = {
  // Every statement fits the schema: where one does not, the schema is no longer the store's.
  1: ["store-corrupt", "the store is damaged: its tables are not as they were made", RESTORE],
  5: LOCKED,
  6: LOCKED,
  8: [
    "store-unwritable",
    "the store cannot be written",
    "check that its file system is mounted read-write and who owns it",
  ],
  10: [
    "store-unwritable",
    "the store's disk failed",
    "see whether it is full, with df; else check it",
  ],
  11: ["store-corrupt", "the store is damaged", RESTORE],
  13: ["store-unwritable", "the store's disk is full", "free some space and try again"],
  14: ["store-unreadable", "the store cannot be opened", "check that it exists and who owns it"],
  23: ["store-unreadable", "the store cannot be opened", "check that it exists and who owns it"],
  26: ["store-corrupt", "the store's file is no database", RESTORE],
};

/** The fault that a thrown error means; a Fault is passed on as it is. */
export function storeFault(error: unknown, path: string): Fault {
  if (error instanceof Fault) return error;
  // The second is node:sqlite's for an integer that is larger than any we write.
  if (error instanceof DamagedRow || errnoOf(error) === "ERR_OUT_OF_RANGE") {
    return damaged(path, error);
  }
  const primary = resultCode(error) & 0xff;
  const [code, message, hint] = MEANINGS[primary] ?? ["internal", "the store failed", undefined];
  return new Fault(code, `${path}: ${message}`, hint ? { hint, cause: error } : { cause: error });
}

/** True for an error that waiting may cure: another process holds the lock. */
export function isBusy(error: unknown): boolean {
  return (resultCode(error) & 0xff) === 5;
}

/** Of a store that another process holds and does not let go. */
export function locked(path: string): Fault {
  const [code, message, hint] = LOCKED;
  return new Fault(code, `${path}: ${message}`, { hint });
}

/** Of what is readable, and yet cannot be what was written. */
export function damaged(path: string, cause?: unknown): Fault {
  return new Fault("store-corrupt", `${path}: the store is damaged`, { hint: RESTORE, cause });
}

function resultCode(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error)) return 0;
  return typeof error.errcode === "number" ? error.errcode : 0;
}
