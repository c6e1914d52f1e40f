/** Walking the audit log's chain: where it may begin, and what it must agree with. */
import type { Transaction } from "../contracts/store.ts";
import { type AuditRecord, type ChainFault, ChainReader } from "../core/audit-chain.ts";
import type { SignedCheckpoint } from "../core/audit-checkpoint.ts";
import { type AuditHead, EMPTY_HEAD } from "../core/audit-head.ts";
import { knownPublicKey, trusted } from "./checkpoint.ts";
import type { EngineParts } from "./parts.ts";

/** So many rows are read at a time: logins wait no longer than for these. */
export const PAGE = 1000;

export interface ChainBreak {
  readonly sequence: number;
  readonly fault: ChainFault | "cut-off" | "forged" | "archived";
}

/** Where the chain is to be walked from, by what the store has signed. */
export interface Beginning {
  /** The place before the first event that counts: those up to it are in archives. */
  readonly before: AuditHead;
  /** The signature by which events left the store; undefined where none did. */
  readonly archived: SignedCheckpoint | undefined;
  /** Archived events that are still there: their removal was cut short, or goes on. */
  readonly leftOver: number;
  /** Places that the chain must pass: those of its checkpoints, by sequence. */
  readonly places: ReadonlyMap<number, string>;
}

/**
 * What is not in the store any more must be archived, by the store's own signature: else
 * somebody cut it off.
 */
export async function beginningOf(
  view: Transaction,
  parts: EngineParts,
): Promise<Beginning | ChainBreak> {
  const publicKey = await knownPublicKey(view, parts);
  const places = new Map<number, string>();
  let archived: SignedCheckpoint | undefined;
  for (const kept of await view.checkpoints.list()) {
    const signed = trusted(kept, publicKey);
    const known = signed && (places.get(signed.sequence) ?? signed.hash);
    if (!signed || known !== signed.hash) return { sequence: kept.sequence, fault: "forged" };
    if (signed.archive) archived = signed;
    places.set(signed.sequence, signed.hash);
  }
  const before = archived ?? EMPTY_HEAD;
  const found = await view.audit.beginning();
  if (found.sequence > before.sequence) return { sequence: before.sequence + 1, fault: "missing" };
  // A record that was planted before the first is found, too.
  const isAtOnce = found.sequence === before.sequence;
  if (found.sequence < 0 || (isAtOnce && found.hash !== before.hash)) {
    return { sequence: before.sequence + 1, fault: "reordered" };
  }
  for (const sequence of places.keys()) if (sequence <= before.sequence) places.delete(sequence);
  const { sequence, hash } = before;
  const leftOver = sequence - found.sequence;
  return { before: { sequence, hash }, archived, leftOver, places };
}

/**
 * Archived events that are still there are listed like others: one that was planted or altered
 * among them is found, though the archive is what proves them. Their removal may go on meanwhile.
 */
export async function breakInLeftOver(
  parts: EngineParts,
  { before, leftOver }: Beginning,
): Promise<ChainBreak | undefined> {
  if (leftOver === 0) return undefined;
  const reader = new ChainReader(parts.sealer.auditKey);
  try {
    for (let last: AuditRecord | undefined; ; ) {
      const after = last?.sequence ?? 0;
      const page = await parts.store.read((view) => view.audit.page(after, PAGE));
      for (const record of page) {
        const { sequence, previousHash, hash } = record;
        if (sequence > before.sequence) return undefined;
        const isNext = last?.sequence === sequence - 1;
        const fault = reader.breakAt({ sequence: sequence - 1, hash: previousHash }, record);
        if (fault) return { sequence, fault };
        if (isNext && last?.hash !== previousHash) return { sequence, fault: "reordered" };
        if (sequence === before.sequence && hash !== before.hash)
          return { sequence, fault: "altered" };
        last = record;
      }
      if (page.length < PAGE) return undefined;
    }
  } finally {
    reader.close();
  }
}

/** Records in order, page by page, as long as they hold; last of all where they do not. */
export async function* holdingPages(
  parts: EngineParts,
  before: AuditHead,
): AsyncGenerator<readonly AuditRecord[] | ChainBreak> {
  const reader = new ChainReader(parts.sealer.auditKey);
  let head = before;
  try {
    for (;;) {
      const { sequence } = head;
      const page = await parts.store.read((view) => view.audit.page(sequence, PAGE));
      if (page.length === 0) return;
      for (const record of page) {
        const fault = reader.breakAt(head, record);
        if (fault) {
          yield { sequence: head.sequence + 1, fault };
          return;
        }
        head = record;
      }
      yield page;
    }
  } finally {
    reader.close();
  }
}

export function isBreak(found: object): found is ChainBreak {
  return "fault" in found;
}
