/**
 * Events as they come. Each look is a call of its own, and a short one: nothing is held open
 * meanwhile, so others are served, and the log may be rotated, or the daemon started anew.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Countersign } from "../../contracts/service.ts";
import type { AuditFilter } from "../../contracts/store.ts";
import type { AuditRecord } from "../../core/audit-chain.ts";
import { Fault } from "../../core/fault.ts";

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

export interface Following {
  /** How many that were there before are told first. */
  readonly last: number;
  /** Aborted, it ends before the next look. */
  readonly stop: AbortSignal;
  /** Told once when the log cannot be looked at for a while. */
  readonly warn: (text: string) => void;
  readonly interval?: number;
}

/** @throws Fault where the first look fails, or for what no waiting mends */
export async function* followAudit(
  service: Pick<Countersign, "listAudit">,
  filter: AuditFilter,
  { last, stop, warn, interval = INTERVAL }: Following,
): AsyncGenerator<AuditRecord> {
  let seen = (await newest(service)) ?? 0;
  yield* await Array.fromAsync(service.listAudit({ ...filter, upTo: seen }, last));
  for (let isWarned = false; ; ) {
    await sleep(interval, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    try {
      const head = (await newest(service)) ?? seen;
      // Of a store that was put back from a backup: what it has from here on.
      if (head < seen) warn("the log is shorter than it was: see countersign audit verify");
      const range = { after: seen, upTo: head };
      if (head > seen) {
        for await (const event of service.listAudit({ ...filter, ...range })) {
          // Cut off here, it goes on behind this one.
          seen = event.sequence;
          yield event;
        }
      }
      seen = head;
      isWarned = false;
    } catch (error) {
      if (!(error instanceof Fault) || !mayPass(error)) throw error;
      if (!isWarned) warn(`${error.message}; waiting for it`);
      isWarned = true;
    }
  }
}

/** The place of the log's last event; the filter must not hide how far it was looked through. */
async function newest(service: Pick<Countersign, "listAudit">): Promise<number | undefined> {
  const [record] = await Array.fromAsync(service.listAudit({}, 1));
  return record?.sequence;
}

/** A daemon that is being restarted, a store that somebody holds. */
function mayPass({ code }: Fault): boolean {
  return code.startsWith("store-") || code === "internal";
}
