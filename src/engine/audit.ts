/** Reading the audit log, and proving that its chain holds. */
import type { AuditVerification, Caller, StatusReport } from "../contracts/service.ts";
import type { AuditFilter } from "../contracts/store.ts";
import { type AuditRecord, breakAt } from "../core/audit-chain.ts";
import { type AuditHead, EMPTY_HEAD } from "../core/audit-head.ts";
import type { EngineParts } from "./parts.ts";
import { mayAdminister } from "./permission.ts";

const PAGE = 1000;

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
 */
export async function verifyAudit(
  parts: EngineParts,
  caller: Caller,
  kept?: AuditHead,
  progress?: (events: number) => void,
): Promise<AuditVerification> {
  mayAdminister(caller);
  let head = EMPTY_HEAD;
  let keptSeen = !kept || kept.sequence === EMPTY_HEAD.sequence;
  for await (const record of everyRecord(parts, {})) {
    const fault = breakAt(parts.sealer.auditKey, head, record);
    if (fault) return { intact: false, sequence: head.sequence + 1, fault };
    head = { sequence: record.sequence, hash: record.hash };
    if (kept?.sequence === record.sequence) {
      // The chain holds under our key, yet is not the one that was printed.
      if (kept.hash !== record.hash)
        return { intact: false, sequence: record.sequence, fault: "altered" };
      keptSeen = true;
    }
    progress?.(record.sequence);
  }
  if (!keptSeen) return { intact: false, sequence: head.sequence + 1, fault: "cut-off" };
  return { intact: true, events: head.sequence, head };
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
