/** Writes audit events, each in the transaction of what it tells of. */
import type { Caller, Origin } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { type AuditAction, type AuditEvent, type AuditRecord, chain } from "../core/audit-chain.ts";
import type { AuditHead } from "../core/audit-head.ts";
import { printable } from "../core/printable.ts";
import type { Reason, Verdict } from "../core/verdict.ts";
import type { EngineParts } from "./parts.ts";

/** An event, as far as it is not told by the clock and the caller. */
export interface Happening {
  readonly action: AuditAction;
  readonly user?: string;
  readonly verdict?: Verdict;
  readonly reason?: Reason | undefined;
  readonly method?: string | undefined;
  readonly origin?: Origin;
  readonly detail?: string;
}

/**
 * Longest text from outside that a record keeps, in characters: names and hosts that are real
 * fit, and made-up ones do not fill the disk so fast.
 */
const LONGEST = 128;
/** Of what is told here in our own words, a file's SHA-256 and counts among them. */
const LONGEST_DETAIL = 256;

export async function record(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  happening: Happening,
): Promise<void> {
  const event = toEvent(parts.clock.now(), caller, happening);
  await tx.audit.append(chain(parts.sealer.auditKey, await tx.audit.head(), event));
}

/**
 * Many events behind a head that was read in this transaction; the new head. The host's log is not
 * told of them: whoever records so many does that when they are on disk.
 */
export async function recordAll(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  from: AuditHead,
  happenings: readonly Happening[],
): Promise<AuditHead> {
  const at = parts.clock.now();
  const records: AuditRecord[] = [];
  let head = from;
  for (const happening of happenings) {
    const record = chain(parts.sealer.auditKey, head, toEvent(at, caller, happening));
    records.push(record);
    head = { sequence: record.sequence, hash: record.hash };
  }
  await tx.audit.appendAll(records);
  return head;
}

function toEvent(at: number, caller: Caller, happening: Happening): AuditEvent {
  const { action, user, verdict, reason, method, origin, detail } = happening;
  return {
    at,
    action,
    user: clean(user),
    verdict: verdict ?? null,
    reason: reason ?? null,
    method: clean(method),
    service: clean(origin?.service),
    rhost: clean(origin?.rhost),
    tty: clean(origin?.tty),
    caller: `${caller.uid}:${printable(caller.login, LONGEST)}`,
    detail: clean(detail, LONGEST_DETAIL),
  };
}

function clean(text: string | undefined, longest = LONGEST): string | null {
  return text === undefined || text === "" ? null : printable(text, longest);
}
