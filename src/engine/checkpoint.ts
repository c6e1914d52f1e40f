/** Checkpoints of the audit log, and the key that signs them. */
import type { Caller } from "../contracts/service.ts";
import type { KeptCheckpoint, Transaction } from "../contracts/store.ts";
import {
  isSigned,
  keyIdOf,
  publicKeyOf,
  readCheckpoint,
  type SignedCheckpoint,
  type SigningKey,
  signCheckpoint,
  signingKeyOf,
} from "../core/audit-checkpoint.ts";
import { checkpointLine } from "../core/audit-message.ts";
import { AUDIT_SIGNING_KEY_CELL } from "../core/cells.ts";
import { announced } from "./announce.ts";
import type { EngineParts } from "./parts.ts";
import { mayAdminister } from "./permission.ts";
import { record } from "./record.ts";

const SIGNING_KEY_FACT = "audit-signing-key";
const SEED_BYTES = 32;

/** Signs where the log ends, keeps it, and tells the host's log. */
export async function checkpointAudit(
  parts: EngineParts,
  caller: Caller,
): Promise<SignedCheckpoint> {
  mayAdminister(caller);
  const checkpoint = await parts.store.transact((tx) =>
    withSigningKey(tx, parts, caller, async (key) => {
      const head = await tx.audit.head();
      const signed = signCheckpoint(key, { ...head, host: parts.hostName, at: parts.clock.now() });
      await tx.checkpoints.keep(keptForm(signed));
      return signed;
    }),
  );
  parts.systemLog?.tell(checkpointLine(checkpoint));
  return checkpoint;
}

/** When the daemon makes one by itself. */
export interface CheckpointRule {
  /** So many events after the last. */
  readonly events: number;
  /** So long after the last, in milliseconds, where anything happened since. */
  readonly interval: number;
}

/** Makes a checkpoint where one is due. */
export async function checkpointIfDue(
  given: EngineParts,
  caller: Caller,
  { events, interval }: CheckpointRule,
): Promise<SignedCheckpoint | undefined> {
  const parts = announced(given);
  const isDue = await parts.store.read(async ({ audit, checkpoints }) => {
    const head = await audit.head();
    const kept = [await checkpoints.last("head"), await checkpoints.last("archive")];
    const last = kept.reduce<{ sequence: number; at?: number }>(
      (latest, each) => (each && each.sequence >= latest.sequence ? each : latest),
      { sequence: 0 },
    );
    const since = head.sequence - last.sequence;
    if (since <= 0) return false;
    const [next] = await audit.page(last.sequence, 1);
    const from = last.at ?? next?.at ?? parts.clock.now();
    // A clock that stepped back makes it due, rather than never.
    return since >= events || Math.abs(parts.clock.now() - from) >= interval;
  });
  return isDue ? checkpointAudit(parts, caller) : undefined;
}

/** The key by which others check what this store signs, in PEM. */
export async function auditPublicKey(parts: EngineParts, caller: Caller): Promise<string> {
  mayAdminister(caller);
  const known = await parts.store.read((view) => knownPublicKey(view, parts));
  if (known !== undefined) return known;
  return parts.store.transact((tx) =>
    withSigningKey(tx, parts, caller, async (key) => publicKeyOf(key)),
  );
}

/** The same, undefined while nothing was signed yet. */
export async function knownPublicKey(
  view: Transaction,
  { sealer }: EngineParts,
): Promise<string | undefined> {
  const sealed = await view.facts.get(SIGNING_KEY_FACT);
  if (sealed === undefined) return undefined;
  const key = sealer.open(sealed, AUDIT_SIGNING_KEY_CELL);
  try {
    return publicKeyOf(key);
  } finally {
    key.fill(0);
  }
}

/** Does `use` with the key, which is made, and told in the log, where there is none yet. */
export async function withSigningKey<T>(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  use: (key: SigningKey) => Promise<T>,
): Promise<T> {
  const sealed = await tx.facts.get(SIGNING_KEY_FACT);
  const key = sealed ? parts.sealer.open(sealed, AUDIT_SIGNING_KEY_CELL) : newKey(parts);
  try {
    if (!sealed) {
      await tx.facts.setOnce(SIGNING_KEY_FACT, parts.sealer.seal(key, AUDIT_SIGNING_KEY_CELL));
      const detail = keyIdOf(publicKeyOf(key));
      await record(tx, parts, caller, { action: "audit-key", detail });
    }
    return await use(key);
  } finally {
    key.fill(0);
  }
}

function newKey({ random }: EngineParts): SigningKey {
  const seed = random(SEED_BYTES);
  const key = signingKeyOf(seed);
  seed.fill(0);
  return key;
}

/** As it is kept. */
export function keptForm(signed: SignedCheckpoint): KeptCheckpoint {
  const { sequence, at, archive, text } = signed;
  return { sequence, at, kind: archive ? "archive" : "head", text };
}

/** What a kept checkpoint says; undefined for one that this key did not sign, or not for this place. */
export function trusted(
  kept: KeptCheckpoint,
  publicKey: string | undefined,
): SignedCheckpoint | undefined {
  const read = readCheckpoint(kept.text);
  if (!read || publicKey === undefined) return undefined;
  const kind = read.archive ? "archive" : "head";
  if (read.sequence !== kept.sequence || kind !== kept.kind) return undefined;
  return isSigned(read, publicKey) ? read : undefined;
}
