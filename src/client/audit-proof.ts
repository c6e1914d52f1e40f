/** Archives and the store as one chain; and both by a public key alone, without any store. */
import type { AuditVerification, Countersign } from "../contracts/service.ts";
import {
  isSigned,
  keyIdOf,
  readCheckpoint,
  type SignedCheckpoint,
} from "../core/audit-checkpoint.ts";
import type { AuditHead } from "../core/audit-head.ts";
import { Fault } from "../core/fault.ts";
import { smallText } from "../files/lines.ts";
import { said } from "../files/untrusted.ts";
import { type BrokenArchive, readArchive, type SoundArchive } from "./audit-archive.ts";

/** What is to be proven beside the store. */
export interface Evidence {
  readonly heads: readonly AuditHead[];
  /** Files. */
  readonly checkpoints: readonly string[];
  readonly archives: readonly string[];
}

export interface Proof {
  readonly intact: true;
  /** Those in archives, and in the store where it was asked. */
  readonly events: number;
  /** Events from here on are proven; undefined where there are none. */
  readonly first: number | undefined;
  /** Where the archives, or the store, end. */
  readonly head: AuditHead | undefined;
  readonly archives: number;
  readonly checkpoints: readonly SignedCheckpoint[];
  /** Of the store. */
  readonly archived?: Extract<AuditVerification, { intact: true }>["archived"];
}

export interface Disproof {
  readonly intact: false;
  readonly sequence: number;
  readonly fault: Extract<AuditVerification, { intact: false }>["fault"] | "truncated";
  /** The file in which it is. */
  readonly file?: string;
}

/** @throws Fault `file-unreadable`, `usage` for what is no checkpoint */
export async function proveWithStore(
  service: Countersign,
  evidence: Evidence,
  progress: (events: number) => void,
): Promise<Proof | Disproof> {
  const isSignedMatter = evidence.checkpoints.length + evidence.archives.length > 0;
  const publicKey = isSignedMatter ? await service.auditPublicKey() : undefined;
  const files = publicKey === undefined ? NOTHING : proveFiles(publicKey, evidence);
  if (!files.intact) return files;
  const { head: end, archives } = files;
  const noted = [...evidence.heads, ...files.checkpoints];
  // What an archive holds was held against them as it was read.
  const isRead = ({ sequence }: AuditHead): boolean =>
    end !== undefined && sequence >= (files.first ?? 0) && sequence <= end.sequence;
  const places = noted.filter((place) => !isRead(place));
  const unread = end && places.find(({ sequence }) => sequence <= end.sequence);
  if (unread) return { intact: false, sequence: unread.sequence, fault: "archived" };
  const store = await service.verifyAudit(end ? [...places, end] : places, progress);
  if (!store.intact) return gapBefore(store, end) ?? store;
  const first = files.first ?? (store.archived?.sequence ?? 0) + 1;
  const { head, archived } = store;
  const events = head.sequence - first + 1;
  const rotated = archived ? { archived } : {};
  return {
    intact: true,
    events,
    first,
    head,
    archives,
    checkpoints: files.checkpoints,
    ...rotated,
  };
}

/** The archives end before the store begins. */
function gapBefore(
  { fault, sequence }: Disproof,
  end: AuditHead | undefined,
): Disproof | undefined {
  const isGap = fault === "archived" && end !== undefined && sequence === end.sequence;
  return isGap ? { intact: false, sequence: sequence + 1, fault: "missing" } : undefined;
}

const NOTHING: Proof = {
  ...{ intact: true, events: 0, archives: 0, checkpoints: [] },
  ...{ first: undefined, head: undefined },
};

/**
 * By the key alone: files that anybody may hold.
 * @param publicKey in PEM
 */
export function proveFiles(publicKey: string, evidence: Evidence): Proof | Disproof {
  mustBeKey(publicKey);
  const expected = new Map<number, string>();
  const checkpoints: SignedCheckpoint[] = [];
  for (const file of evidence.checkpoints) {
    const checkpoint = checkpointIn(file);
    const { sequence, hash } = checkpoint;
    if (!isSigned(checkpoint, publicKey)) return { intact: false, sequence, fault: "forged", file };
    if ((expected.get(sequence) ?? hash) !== hash)
      return { intact: false, sequence, fault: "altered", file };
    expected.set(sequence, hash);
    checkpoints.push(checkpoint);
  }
  for (const { sequence, hash } of evidence.heads) {
    if ((expected.get(sequence) ?? hash) !== hash)
      return { intact: false, sequence, fault: "altered" };
    expected.set(sequence, hash);
  }
  const read = readArchives(evidence.archives, publicKey, expected);
  if ("fault" in read) {
    const { path: file, fault, sequence } = read;
    return { intact: false, sequence, fault, file };
  }
  const chained = chainOf(read);
  if ("fault" in chained) return chained;
  const { first, head } = chained;
  const events = head && first !== undefined ? head.sequence - first + 1 : 0;
  return { intact: true, events, first, head, archives: read.length, checkpoints };
}

function readArchives(
  paths: readonly string[],
  publicKey: string,
  expected: Map<number, string>,
): SoundArchive[] | BrokenArchive {
  const sound: SoundArchive[] = [];
  for (const path of paths) {
    const found = readArchive(path, publicKey, expected);
    if ("fault" in found) return found;
    sound.push(found);
    // One that was written twice, for the first run was cut short, must say the same twice.
    const { sequence, hash } = found.checkpoint;
    const noted = expected.get(sequence);
    if (noted !== undefined && noted !== hash) return { path, fault: "altered", sequence };
    expected.set(sequence, hash);
  }
  return sound;
}

/** From the first of them to the last, without a gap, whatever their order was. */
function chainOf(
  archives: readonly SoundArchive[],
): { first: number | undefined; head: AuditHead | undefined } | Disproof {
  const sorted = archives.toSorted(
    (a, b) => a.first - b.first || b.checkpoint.sequence - a.checkpoint.sequence,
  );
  let head: AuditHead | undefined;
  for (const { first, previousHash, checkpoint, path: file } of sorted) {
    const { sequence, hash } = checkpoint;
    if (head && sequence <= head.sequence) continue;
    if (head && first > head.sequence + 1)
      return { intact: false, sequence: head.sequence + 1, fault: "missing" };
    const isNext = !head || (first === head.sequence + 1 && previousHash === head.hash);
    if (!isNext) return { intact: false, sequence: first, fault: "reordered", file };
    head = { sequence, hash };
  }
  return { first: sorted[0]?.first, head };
}

function checkpointIn(file: string): SignedCheckpoint {
  const checkpoint = readCheckpoint(smallText(file));
  if (checkpoint) return checkpoint;
  throw new Fault("usage", `${said(file)}: this is no checkpoint`, {
    hint: "one is what countersign audit checkpoint prints",
  });
}

/** @throws Fault `usage` */
function mustBeKey(publicKey: string): void {
  try {
    keyIdOf(publicKey);
  } catch (cause) {
    throw new Fault("usage", "this is no public key in PEM for checkpoints", {
      hint: "one is what countersign audit checkpoint --public-key prints",
      cause,
    });
  }
}

/** What a file says. @throws Fault `file-unreadable` */
export function readKeyFile(path: string): string {
  return smallText(path);
}
