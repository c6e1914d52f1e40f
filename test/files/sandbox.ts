/** A directory of a test's own, gone when the test is over; and what a test needs of the host. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Fault } from "../../src/core/fault.ts";

export function sandbox(t: TestContext): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "countersign-test-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A uid that no account of this host has. */
export const FOREIGN_UID = 3_141_592;

export const isRoot = process.getuid?.() === 0;

/** Options of a test that changes owners. */
export const asRoot = isRoot ? {} : { skip: "needs root, to give a file to another uid" };

/** For `assert.throws` and `assert.rejects`: a fault of that code, told in one clear line. */
export function fault(code: string, words?: RegExp): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof Fault)) throw error;
    const told = [error.message, error.hint ?? "x"].every((line) => /^[^\n]*[^\n.]$/.test(line));
    if (error.code !== code || !told || !(words?.test(error.message) ?? true)) {
      throw new Error(`expected ${code} ${words ?? ""}, got ${error.code}: ${error.message}`);
    }
    return true;
  };
}
