/** Archives of the audit log as files: written whole and durably, and read by their signatures. */
import type { Countersign, Dropped } from "../contracts/service.ts";
import {
  type ArchiveBreak,
  ArchiveDigest,
  ArchiveReader,
  archiveLine,
  lastArchiveLine,
  type Places,
} from "../core/audit-archive.ts";
import { isSigned, type SignedCheckpoint } from "../core/audit-checkpoint.ts";
import { Fault } from "../core/fault.ts";
import { linesOf } from "../files/lines.ts";
import { NewFile } from "../files/new-file.ts";
import { said } from "../files/untrusted.ts";

/** An archive that is what was signed. */
export interface SoundArchive {
  readonly path: string;
  readonly checkpoint: SignedCheckpoint;
  /** The first event, and the hash of the one before it. */
  readonly first: number;
  readonly previousHash: string;
}

export interface BrokenArchive extends ArchiveBreak {
  readonly path: string;
}

/**
 * What a file holds, or what is wrong with it.
 * @param publicKey in PEM
 * @throws Fault `file-unreadable`
 */
export function readArchive(
  path: string,
  publicKey: string,
  expected?: Places,
): SoundArchive | BrokenArchive {
  const reader = new ArchiveReader(expected);
  for (const { text, isWhole } of linesOf(path)) reader.take(text, isWhole);
  const found = reader.end((checkpoint) => isSigned(checkpoint, publicKey));
  const { before } = reader;
  if ("fault" in found) return { path, ...found };
  if (!before) return { path, fault: "truncated", sequence: found.sequence };
  const { sequence, hash } = before;
  return { path, checkpoint: found, first: sequence + 1, previousHash: hash };
}

export interface Rotated {
  /** Events in the new archive; of one that was there from a run that was cut short, too. */
  readonly archived: number;
  readonly removed: number;
  /** Undefined where there was nothing to archive. */
  readonly checkpoint?: SignedCheckpoint;
}

/**
 * Archives what happened before then and removes it from the store. Goes on where an earlier
 * run was cut short.
 * @throws Fault `file-exists`, `file-unwritable`, `conflict`, `audit-broken`
 */
export async function rotateAudit(
  service: Countersign,
  before: number,
  path: string,
  progress: (what: "archived" | "removed", events: number) => void,
): Promise<Rotated> {
  const dropping = (events: number): void => progress("removed", events);
  const leftOver = await service.dropArchived(undefined, dropping);
  const begun = await goOn(service, path, leftOver, dropping);
  if (begun) return begun;
  const written = await write(service, before, path, (events) => progress("archived", events));
  if (!written) return { archived: 0, removed: leftOver.removed };
  const { removed } = await service.dropArchived(written.checkpoint.text, dropping);
  return { ...written, removed: removed + leftOver.removed };
}

/** With an archive that was written, and of which not all was removed yet. */
async function goOn(
  service: Countersign,
  path: string,
  leftOver: Dropped,
  progress: (events: number) => void,
): Promise<Rotated | undefined> {
  const found = existing(path, await service.auditPublicKey());
  if (!found || found.checkpoint.sequence < leftOver.through) return undefined;
  const { checkpoint, first } = found;
  const dropped = await service.dropArchived(checkpoint.text, progress);
  const removed = leftOver.removed + dropped.removed;
  if (removed === 0) return undefined;
  return { archived: checkpoint.sequence - first + 1, removed, checkpoint };
}

/** The archive of this store that a file is, if it is one. */
function existing(path: string, publicKey: string): SoundArchive | undefined {
  try {
    const found = readArchive(path, publicKey);
    return "fault" in found ? undefined : found;
  } catch (error) {
    if (error instanceof Fault && error.code === "file-unreadable") return undefined;
    throw error;
  }
}

async function write(
  service: Countersign,
  before: number,
  path: string,
  progress: (events: number) => void,
): Promise<{ archived: number; checkpoint: SignedCheckpoint } | undefined> {
  let file: NewFile | undefined;
  const digest = new ArchiveDigest();
  let archived = 0;
  try {
    for await (const part of service.archiveAudit(before)) {
      file ??= NewFile.begin(path);
      if ("checkpoint" in part) {
        const { checkpoint } = part;
        mustBeAsSigned(path, digest, checkpoint);
        file.write(lastArchiveLine(checkpoint));
        file.finish();
        return { archived, checkpoint };
      }
      const line = archiveLine(part);
      digest.add(line);
      file.write(line);
      archived += 1;
      progress(archived);
    }
    // Nothing is old enough; or the end is missing, and with it the signature.
    if (file) throw new Fault("internal", "the archive was not told to its end");
    return undefined;
  } catch (error) {
    file?.abandon();
    throw error;
  }
}

/** What is written is what was signed, letter by letter: else nothing of it may be removed. */
function mustBeAsSigned(path: string, digest: ArchiveDigest, { archive }: SignedCheckpoint): void {
  if (archive?.sha256 === digest.end()) return;
  throw new Fault("internal", `${said(path)}: what was told is not what was signed`);
}
