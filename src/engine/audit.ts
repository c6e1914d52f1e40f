/** Reading the audit log, and proving that its chain holds. */
import type { AuditVerification, Caller, StatusReport } from "../contracts/service.ts";
import type { AuditFilter } from "../contracts/store.ts";
import type { AuditRecord } from "../core/audit-chain.ts";
import type { AuditHead } from "../core/audit-head.ts";
import {
  type Beginning,
  beginningOf,
  breakInLeftOver,
  holdingPages,
  isBreak,
  PAGE,
} from "./chain.ts";
import type { EngineParts } from "./parts.ts";
import { mayAdminister } from "./permission.ts";

/** All that pass the filter, or the last few of them, in order. */
export async function* listAudit(
  parts: EngineParts,
  caller: Caller,
  filter: AuditFilter,
  last?: number,
): AsyncGenerator<AuditRecord> {
  mayAdminister(caller);
  if (last !== undefined) {
    yield* await parts.store.read((view) => view.audit.tail(last, filter));
    return;
  }
  yield* everyRecord(parts, filter);
}

/**
 * Walks the chain from its beginning. A cut-off end leaves a chain that holds: only a head
 * that was kept elsewhere shows it.
 * @param kept places noted elsewhere
 */
export async function verifyAudit(
  parts: EngineParts,
  caller: Caller,
  kept: readonly AuditHead[] = [],
  progress?: (events: number) => void,
): Promise<AuditVerification> {
  mayAdminister(caller);
  for (;;) {
    const { store } = parts;
    const begun = await store.read((view) => beginningOf(view, parts));
    if (isBreak(begun)) return { intact: false, ...begun };
    const planted = await breakInLeftOver(parts, begun);
    if (planted) return { intact: false, ...planted };
    const result = await walk(parts, begun, kept, progress);
    // Meanwhile events may have been archived, and removed before they were read here.
    const now = result.intact
      ? begun.archived
      : await store.read((view) => view.checkpoints.last("archive"));
    if (now?.sequence === begun.archived?.sequence) return result;
  }
}

async function walk(
  parts: EngineParts,
  { before, archived, leftOver, places }: Beginning,
  kept: readonly AuditHead[],
  progress?: (events: number) => void,
): Promise<AuditVerification> {
  const expected = new Map(places);
  for (const { sequence, hash } of kept) {
    if (sequence === before.sequence && hash === before.hash) continue;
    if (sequence < before.sequence) return { intact: false, sequence, fault: "archived" };
    if ((expected.get(sequence) ?? hash) !== hash || sequence === before.sequence)
      return { intact: false, sequence, fault: "altered" };
    expected.set(sequence, hash);
  }
  let head = before;
  for await (const page of holdingPages(parts, before)) {
    if (isBreak(page)) return { intact: false, ...page };
    for (const { sequence, hash } of page) {
      const place = expected.get(sequence);
      // The chain holds under our key, yet is not the one that was noted.
      if (place !== undefined && place !== hash)
        return { intact: false, sequence, fault: "altered" };
      expected.delete(sequence);
      head = { sequence, hash };
    }
    progress?.(head.sequence - before.sequence);
  }
  if (expected.size > 0) return { intact: false, sequence: head.sequence + 1, fault: "cut-off" };
  const events = head.sequence - before.sequence;
  const rotated = archived && {
    archived: { sequence: before.sequence, at: archived.at, leftOver },
  };
  return { intact: true, events, head, ...rotated };
}

export async function status(
  parts: EngineParts,
  caller: Caller,
  since: number,
): Promise<StatusReport> {
  mayAdminister(caller);
  return parts.store.read(async (view) => {
    const { throttled, ...accounts } = await view.accounts.census(parts.clock.now());
    const tally = await view.audit.tally(since);
    return { accounts, throttled, tally, head: await view.audit.head() };
  });
}

async function* everyRecord(parts: EngineParts, filter: AuditFilter): AsyncGenerator<AuditRecord> {
  // From below the first: a record planted before it is found, too.
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const from = after;
    const page = await parts.store.read((view) => view.audit.page(from, PAGE, filter));
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    after = last.sequence;
  }
}
