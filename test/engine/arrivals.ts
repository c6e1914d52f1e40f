/** Entries as a parser brings them, and a host that they are brought to. */
import { createHash } from "node:crypto";
import type { ImportEntry, ImportFinding, ImportOutcome } from "../../src/contracts/imported.ts";
import type { Countersign } from "../../src/contracts/service.ts";
import { codeAt, timeStepAt } from "../../src/core/totp.ts";
import type { Host } from "./host.ts";

export const SOURCE = { format: "oath", sha256: "ab".repeat(32) } as const;

/** The same secret for the same name. */
export function secretOf(name: string): Buffer {
  return createHash("sha1").update(name).digest();
}

/** An authenticator of 6 digits and 30 seconds of which nothing was used. */
export function entry(user: string | undefined, changes: Partial<ImportEntry> = {}): ImportEntry {
  return {
    place: "line 1",
    user,
    method: "totp",
    serial: "",
    secret: secretOf(user ?? changes.serial ?? ""),
    algorithm: "sha1",
    digits: 6,
    period: 30,
    lastCounter: -1,
    skew: 0,
    scratchCodes: [],
    ...changes,
  };
}

/** What such an authenticator shows now, or so many steps later. */
export function codeOf(host: Host, name: string, steps = 0): string {
  const now = timeStepAt(host.clock.now(), 30) + steps;
  return codeAt(secretOf(name), now, { algorithm: "sha1", digits: 6 });
}

export async function stage(
  service: Countersign,
  entries: readonly ImportEntry[],
  isTrial = false,
): Promise<{ id: string; findings: readonly ImportFinding[] }> {
  const id = await service.beginImport(isTrial);
  return { id, findings: await service.stageImport(id, entries) };
}

/** All of an import, as the command does it with `--partly`. */
export async function bring(
  service: Countersign,
  entries: readonly ImportEntry[],
): Promise<{ findings: readonly ImportFinding[]; outcome: ImportOutcome }> {
  const { id, findings } = await stage(service, entries);
  return { findings, outcome: await service.commitImport(id, SOURCE, true) };
}

/** Why each cannot come; empty for one that can. */
export function whys(findings: readonly ImportFinding[]): string[] {
  return findings.map((finding) => (finding.state === "unfit" ? finding.why : ""));
}
