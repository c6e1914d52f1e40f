/**
 * A long audit log, written in bulk: through the engine, a commit each, ten million events
 * would take hours. The chain is the true one.
 */
import type { DatabaseSync } from "node:sqlite";
import { type AuditEvent, chain } from "../../src/core/audit-chain.ts";
import { type AuditHead, EMPTY_HEAD } from "../../src/core/audit-head.ts";
import { nameOf, writeInBulk } from "./enrolled.ts";

/** How many users the events are of, in turn. */
export const USERS = 10_000;

const COLUMNS = 14;

/** So many events a second apart, up to now, behind those that the store has. */
export function writeEvents(home: string, events: number): Promise<void> {
  return writeInBulk(home, (database, sealer) => {
    const indexes = database
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'audit'")
      .all()
      .filter(({ sql }) => sql !== null);
    for (const { name } of indexes) database.exec(`DROP INDEX ${name}`);
    insert(database, sealer.auditKey, events);
    for (const { sql } of indexes) database.exec(String(sql));
  });
}

function insert(database: DatabaseSync, key: Uint8Array, events: number): void {
  const places = Array.from({ length: COLUMNS }, () => "?").join(", ");
  const row = database.prepare(`INSERT INTO audit VALUES (${places})`);
  const last = database
    .prepare("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
    .get();
  let head: AuditHead = last
    ? { sequence: Number(last.sequence), hash: String(last.hash) }
    : EMPTY_HEAD;
  const begin = Date.now() - events * 1000;
  for (let n = 0; n < events; n++) {
    const record = chain(key, head, eventOf(n, begin));
    row.run(
      ...([BigInt(record.sequence), BigInt(record.at), record.action, record.user] as const),
      ...([record.verdict, record.reason, record.method, record.service] as const),
      ...([record.rhost, record.tty, record.caller, record.detail] as const),
      ...([record.previousHash, record.hash] as const),
    );
    head = record;
  }
}

/** What logins leave: mostly let in, now and then refused. */
function eventOf(n: number, begin: number): AuditEvent {
  const isRefused = n % 7 === 0;
  return {
    ...{ at: begin + n * 1000, action: "verify", user: nameOf((n * 7919) % USERS) },
    verdict: isRefused ? "reject" : "accept",
    reason: isRefused ? "wrong-code" : null,
    ...{ method: "totp", service: "sshd", rhost: `192.0.2.${n % 256}`, tty: "ssh" },
    ...{ caller: "0:root", detail: null },
  };
}
