/** Tells the host's log what the audit log holds: after the commit, and only what it holds. */
import type { Store } from "../contracts/store.ts";
import type { SystemLog } from "../contracts/system-log.ts";
import type { AuditRecord } from "../core/audit-chain.ts";
import { eventLine } from "../core/audit-message.ts";
import type { EngineParts } from "./parts.ts";

/** The same parts, whose events the host's log is told of, if there is one to be told. */
export function announced(parts: EngineParts): EngineParts {
  const { store, systemLog } = parts;
  return systemLog ? { ...parts, store: announcing(store, systemLog) } : parts;
}

function announcing(store: Store, log: SystemLog): Store {
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
