/** A directory of a test's own, gone when the test is over; and what a test needs of the host. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { needs } from "../support/parts.ts";

export function sandbox(t: TestContext): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "countersign-test-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A uid that no account of this host has. */
export const FOREIGN_UID = 3_141_592;

/** Options of a test that gives files to another uid. */
export const asRoot = needs("root");

/** Runs the work as somebody to whom modes apply: root is nobody meanwhile, others themselves. */
export async function withoutRoot(work: () => unknown): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(FOREIGN_UID);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** Runs the work on a file system of 16 KiB, made at an empty directory; a test's need is root. */
export async function onSmallDisk(
  t: TestContext,
  path: string,
  work: () => unknown,
): Promise<void> {
  const options = ["-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", path];
  if (spawnSync("mount", options).status !== 0) {
    if (process.env.CI === "true") throw new Error("no right to mount a small file system");
    return t.skip("no right to mount a small file system");
  }
  try {
    await work();
  } finally {
    execFileSync("umount", [path]);
  }
}

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
