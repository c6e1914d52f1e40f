/**
 * An archive of audit events: a JSON object a line, as `audit list --json` has them, and last
 * the checkpoint that signs all lines before it. What a line says needs no key to be believed:
 * the signature is over all of them.
 */
import { createHash } from "node:crypto";
import type { AuditRecord } from "./audit-chain.ts";
import { readCheckpoint, type SignedCheckpoint } from "./audit-checkpoint.ts";
import type { AuditHead } from "./audit-head.ts";

/** A record's line, with its line feed. The same in every release: hashes are made of it. */
export function archiveLine(record: AuditRecord): string {
  const { sequence, at, action, user, verdict, reason, method } = record;
  const { service, rhost, tty, caller, detail, previousHash, hash } = record;
  const time = new Date(at).toISOString();
  const what = { sequence, at: time, action, user, verdict, reason, method };
  return `${JSON.stringify({ ...what, service, rhost, tty, caller, detail, previousHash, hash })}\n`;
}

export function lastArchiveLine({ text }: SignedCheckpoint): string {
  return `${JSON.stringify({ checkpoint: text })}\n`;
}

/** Adds up the lines of an archive, for its checkpoint to name. */
export class ArchiveDigest {
  readonly #hash = createHash("sha256");

  add(line: string): void {
    this.#hash.update(line);
  }

  end(): string {
    return this.#hash.digest("hex");
  }
}

/** What is wrong with an archive, and at which event. */
export interface ArchiveBreak {
  readonly fault: "missing" | "reordered" | "altered" | "truncated" | "forged";
  readonly sequence: number;
}

/** Where an event is expected to be: by its sequence, its hash. */
export type Places = ReadonlyMap<number, string>;

/** Reads an archive line by line, and in the end says whether it is what was signed. */
export class ArchiveReader {
  readonly #digest = new ArchiveDigest();
  readonly #expected: Places;
  #first: AuditHead | undefined;
  #last: AuditHead | undefined;
  #checkpoint: SignedCheckpoint | undefined;
  #broken: ArchiveBreak | undefined;

  /** @param expected places noted elsewhere, which the archive must agree with */
  constructor(expected: Places = new Map()) {
    this.#expected = expected;
  }

  /** Takes a line without its line feed; whether it ended with one tells a line that was cut off. */
  take(line: string, isWhole: boolean): void {
    if (this.#broken) return;
    const next = (this.#last?.sequence ?? 0) + 1;
    if (this.#checkpoint) this.#broken = { fault: "altered", sequence: next };
    else if (!isWhole) this.#broken = { fault: "truncated", sequence: next };
    else this.#read(line, next);
  }

  /** The place before its first event; undefined where it has none. */
  get before(): AuditHead | undefined {
    return this.#first;
  }

  /**
   * What it holds, or what is wrong with it.
   * @param isSigned whether a checkpoint is signed by whom it should be
   */
  end(isSigned: (checkpoint: SignedCheckpoint) => boolean): SignedCheckpoint | ArchiveBreak {
    const sequence = (this.#last?.sequence ?? 0) + 1;
    if (this.#broken) return this.#broken;
    const checkpoint = this.#checkpoint;
    if (!checkpoint) return { fault: "truncated", sequence };
    if (!isSigned(checkpoint)) return { fault: "forged", sequence: checkpoint.sequence };
    const { archive, hash } = checkpoint;
    const isAll =
      archive?.first === (this.#first?.sequence ?? -1) + 1 &&
      checkpoint.sequence === this.#last?.sequence &&
      hash === this.#last.hash;
    if (isAll && archive.sha256 === this.#digest.end()) return checkpoint;
    return { fault: "altered", sequence: archive?.first ?? checkpoint.sequence };
  }

  #read(line: string, next: number): void {
    const { checkpoint, sequence, previousHash, hash } = parse(line);
    if (typeof checkpoint === "string") {
      this.#checkpoint = readCheckpoint(checkpoint);
      if (!this.#checkpoint) this.#broken = { fault: "forged", sequence: next };
      return;
    }
    if (typeof sequence !== "number" || !isHash(previousHash) || !isHash(hash)) {
      this.#broken = { fault: "altered", sequence: next };
      return;
    }
    this.#first ??= { sequence: sequence - 1, hash: previousHash };
    const last = this.#last ?? this.#first;
    const fault = faultOf(last, { sequence, hash: previousHash });
    const noted = this.#expected.get(sequence);
    if (fault) this.#broken = { fault, sequence: last.sequence + 1 };
    else if (noted !== undefined && noted !== hash) this.#broken = { fault: "altered", sequence };
    this.#last = { sequence, hash };
    this.#digest.add(`${line}\n`);
  }
}

function faultOf(
  last: AuditHead,
  { sequence, hash }: AuditHead,
): ArchiveBreak["fault"] | undefined {
  if (sequence > last.sequence + 1) return "missing";
  if (sequence <= last.sequence || hash !== last.hash) return "reordered";
  return undefined;
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
