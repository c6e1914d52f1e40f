/**
 * Rotation of the audit log, in two steps: what is old is told, signed, for an archive; once
 * that is on disk, it is removed here. Cut short at any moment, nothing is lost, and done again
 * it goes on.
 */
import type { ArchivePart, Caller, Dropped } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { ArchiveDigest, archiveLine } from "../core/audit-archive.ts";
import type { AuditRecord } from "../core/audit-chain.ts";
import { readCheckpoint, type SignedCheckpoint, signCheckpoint } from "../core/audit-checkpoint.ts";
import type { AuditHead } from "../core/audit-head.ts";
import { checkpointLine } from "../core/audit-message.ts";
import { Fault } from "../core/fault.ts";
import { beginningOf, type ChainBreak, holdingPages, isBreak } from "./chain.ts";
import { keptForm, knownPublicKey, trusted, withSigningKey } from "./checkpoint.ts";
import type { EngineParts } from "./parts.ts";
import { mayAdminister } from "./permission.ts";
import { record } from "./record.ts";

/**
 * Rows removed in one transaction: at first, at least and at most. Others wait for it, so as many
 * as take a few milliseconds: on some disks a row, whose index page is its own, takes one.
 */
const BATCH = { first: 64, least: 8, most: 2048 };
/** Milliseconds that a transaction may take. */
const SHORT = { more: 3, less: 8 };
/** So many events are told for an archive until those who log in have their turn. */
const TOLD = 100;
/** Least milliseconds between two: other processes look whether the store is free. */
const PAUSE = 2;

export async function* archiveAudit(
  parts: EngineParts,
  caller: Caller,
  before: number,
): AsyncGenerator<ArchivePart> {
  mayAdminister(caller);
  const { begun, end } = await parts.store.read(async (view) => ({
    begun: await beginningOf(view, parts),
    end: await view.audit.head(),
  }));
  if (isBreak(begun)) throw broken(begun);
  const digest = new ArchiveDigest();
  let last: AuditHead | undefined;
  let began = performance.now();
  for await (const record of oldRecords(parts, begun.before, before, end)) {
    digest.add(archiveLine(record));
    last = record;
    yield record;
    if (record.sequence % TOLD !== 0) continue;
    await rest(performance.now() - began);
    began = performance.now();
  }
  if (last === undefined) return;
  const first = begun.before.sequence + 1;
  yield { checkpoint: await seal(parts, caller, last, { first, sha256: digest.end() }) };
}

/** Those that happened before that, up to the first that did not, and never the last of all. */
async function* oldRecords(
  parts: EngineParts,
  from: AuditHead,
  before: number,
  end: AuditHead,
): AsyncGenerator<AuditRecord> {
  for await (const page of holdingPages(parts, from)) {
    if (isBreak(page)) throw broken(page);
    for (const record of page) {
      if (record.at >= before || record.sequence >= end.sequence) return;
      yield record;
    }
  }
}

function seal(
  parts: EngineParts,
  caller: Caller,
  { sequence, hash }: AuditHead,
  archive: NonNullable<SignedCheckpoint["archive"]>,
): Promise<SignedCheckpoint> {
  const said = { sequence, hash, archive, host: parts.hostName, at: parts.clock.now() };
  return parts.store.transact((tx) =>
    withSigningKey(tx, parts, caller, async (key) => signCheckpoint(key, said)),
  );
}

export async function dropArchived(
  parts: EngineParts,
  caller: Caller,
  text: string | undefined,
  progress?: (events: number) => void,
): Promise<Dropped> {
  mayAdminister(caller);
  // By a row that nobody signed, nothing goes: what it names may be in no archive.
  const begun = await parts.store.read((view) => beginningOf(view, parts));
  if (isBreak(begun)) throw broken(begun);
  if (text !== undefined) {
    const checkpoint = await parts.store.transact((tx) => noteArchived(tx, parts, caller, text));
    if (checkpoint) parts.systemLog?.tell(checkpointLine(checkpoint));
  }
  let removed = 0;
  for (let batch = BATCH.first; ; ) {
    const began = performance.now();
    const limit = batch;
    const went = await parts.store.transact((tx) => tx.checkpoints.removeArchived(limit));
    const took = performance.now() - began;
    removed += went;
    if (went < limit) break;
    progress?.(removed);
    if (took > SHORT.less) batch = Math.max(BATCH.least, batch >> 1);
    else if (took < SHORT.more) batch = Math.min(BATCH.most, batch << 1);
    // SQLite's log, which this fills, is for those who log in to write back as well.
    await rest(3 * took);
  }
  const last = await parts.store.read((view) => view.checkpoints.last("archive"));
  return { removed, through: last?.sequence ?? 0 };
}

/** Milliseconds in which others have the disk and the processor. */
function rest(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(PAUSE, time)));
}

/** The checkpoint, unless it was noted before. The log goes on from it. */
async function noteArchived(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  text: string,
): Promise<SignedCheckpoint | undefined> {
  const read = readCheckpoint(text);
  const publicKey = await knownPublicKey(tx, parts);
  const signed = read && trusted(keptForm(read), publicKey);
  if (!signed?.archive) {
    throw new Fault("conflict", "this is no archive of this store: another key signed it", {
      hint: "countersign audit verify --archive FILE",
    });
  }
  const noted = await tx.checkpoints.last("archive");
  if (noted && noted.sequence >= signed.sequence) return undefined;
  const { first, sha256 } = signed.archive;
  if (!(await tx.checkpoints.keepArchive(keptForm(signed), first, signed.hash))) {
    throw new Fault("conflict", "this archive does not go on where the last one ended", {
      hint: "another rotation was faster; keep the file until: countersign audit verify",
    });
  }
  const detail = `archived=${first}-${signed.sequence} sha256=${sha256}`;
  await record(tx, parts, caller, { action: "audit-rotate", detail });
  return signed;
}

function broken({ sequence, fault }: ChainBreak): Fault {
  return new Fault("audit-broken", `the audit log does not hold at event ${sequence}: ${fault}`, {
    hint: "countersign audit verify; nothing was archived or removed",
  });
}
