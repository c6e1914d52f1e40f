/** How tests look at findings, and the files they plant. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Finding } from "../../src/doctor/finding.ts";

/** `state message`, one a finding; that each is one line, and mends where it should, is checked. */
export function told(findings: readonly Finding[]): string[] {
  for (const { state, message, mend } of findings) {
    assert.match(`${message}${mend ?? ""}`, /^[^\n]+$/);
    if (state === "ok") assert.equal(mend, undefined, `"${message}" is well and has a mend`);
  }
  return findings.map(({ state, message }) => `${state} ${message}`);
}

/** Writes files under a directory, by their names in it. */
export function plant(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(directory, name), text, { mode: 0o644 });
  }
}
