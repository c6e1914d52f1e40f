/** Tells the host's log what the audit log holds: after the commit, and only what it holds. */
import type { Store } from "../contracts/store.ts";
import type { SystemLog } from "../contracts/system-log.ts";
import type { AuditRecord } from "../core/audit-chain.ts";
import { eventLine } from "../core/audit-message.ts";

export function announcing(store: Store, log: SystemLog): Store {
  return {
    async transact(work) {
      const appended: AuditRecord[] = [];
      const result = await store.transact((tx) =>
        work({
          ...tx,
          audit: {
            ...tx.audit,
            append: async (record) => {
              await tx.audit.append(record);
              appended.push(record);
            },
          },
        }),
      );
      for (const record of appended) log.tell(eventLine(record));
      return result;
    },
    read: (work) => store.read(work),
    close: () => store.close(),
  };
}
