/** The audit log. Records are only ever added, and only behind the last one. */
import type { AuditFilter, AuditLog } from "../../contracts/store.ts";
import type { AuditAction, AuditRecord } from "../../core/audit-chain.ts";
import { EMPTY_HEAD } from "../../core/audit-head.ts";
import { Fault } from "../../core/fault.ts";
import type { Reason, Verdict } from "../../core/verdict.ts";
import { type Connection, integer, text, type Value, wholeNumber } from "./connection.ts";

const HEAD = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";

const BEGINNING = `
SELECT sequence - 1 AS sequence, previous_hash AS hash FROM audit ORDER BY audit.sequence LIMIT 1`;

/** The columns of a record, in the order that `toRecord` takes them. */
const COLUMNS = `sequence, at, action, account, verdict, reason, method, service, rhost, tty,
  caller, detail, previous_hash, hash`;

const APPEND = `
INSERT INTO audit (${COLUMNS})
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
WHERE ?13 = coalesce((SELECT hash FROM audit WHERE sequence = ?1 - 1), '${EMPTY_HEAD.hash}')
  AND ?1 = coalesce((SELECT max(sequence) FROM audit), 0) + 1`;

/** Of what follows a record that was appended in the same transaction. */
const APPEND_NEXT = `
INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const TALLY = `
SELECT at / 3600000 * 3600000 AS hour, verdict, count(*) AS events FROM audit
WHERE at >= ? AND action = 'verify' AND verdict IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`;

/** What each part of a filter asks of a row. */
const CONDITIONS: readonly (readonly [keyof AuditFilter, string])[] = [
  ["user", "account = ?"],
  ["since", "at >= ?"],
  ["until", "at < ?"],
  ["action", "action = ?"],
  ["verdict", "verdict = ?"],
  ["service", "service = ?"],
  ["rhost", "rhost = ?"],
  ["method", "method = ?"],
  ["after", "sequence > ?"],
  ["upTo", "sequence <= ?"],
];

export function auditIn(connection: Connection): AuditLog {
  async function append(record: AuditRecord): Promise<void> {
    if (connection.run(APPEND, ...columns(record)) !== 1) throw notItsEnd(connection);
  }

  return {
    async head() {
      const row = connection.first(HEAD);
      return row ? { sequence: integer(row, "sequence"), hash: text(row, "hash") } : EMPTY_HEAD;
    },

    async beginning() {
      const row = connection.first(BEGINNING);
      return row ? { sequence: integer(row, "sequence"), hash: text(row, "hash") } : EMPTY_HEAD;
    },

    append,

    async appendAll(records) {
      let last: AuditRecord | undefined;
      for (const record of records) {
        if (last === undefined) await append(record);
        else if (record.previousHash !== last.hash || record.sequence !== last.sequence + 1) {
          throw notItsEnd(connection);
        } else connection.run(APPEND_NEXT, ...columns(record));
        last = record;
      }
    },

    async page(after, limit, filter = {}) {
      return select(connection, filter, "sequence > ?", after, "ASC", limit);
    },

    async tail(limit, filter = {}) {
      return select(connection, filter, "sequence > ?", 0, "DESC", limit).reverse();
    },

    async tally(since) {
      return connection.all(TALLY, since).map((row) => ({
        hour: integer(row, "hour"),
        verdict: text(row, "verdict"),
        count: integer(row, "events"),
      }));
    },
  };
}

function notItsEnd({ path }: Connection): Fault {
  return new Fault("store-corrupt", `${path}: the audit log's end is not where it was`, {
    hint: "countersign audit verify",
  });
}

function select(
  connection: Connection,
  filter: AuditFilter,
  place: string,
  after: number,
  order: "ASC" | "DESC",
  limit: number,
): AuditRecord[] {
  const conditions = [place];
  const values: Value[] = [after];
  for (const [name, condition] of CONDITIONS) {
    const value = filter[name];
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(value);
  }
  const where = conditions.join(" AND ");
  const sql = `SELECT ${COLUMNS} FROM audit WHERE ${where} ORDER BY sequence ${order} LIMIT ?`;
  return connection.lists(sql, ...values, limit).map(toRecord);
}

function columns(r: AuditRecord): Value[] {
  const what = [r.sequence, r.at, r.action, r.user, r.verdict, r.reason, r.method];
  const where = [r.service, r.rhost, r.tty, r.caller, r.detail];
  return [...what, ...where, r.previousHash, r.hash];
}

// An altered row may hold any text: audit verify compares its hash, so the casts promise nothing.
function toRecord(row: readonly unknown[]): AuditRecord {
  const [sequence, at, action, user, verdict, reason, method] = row;
  const [service, rhost, tty, caller, detail, previousHash, hash] = row.slice(7);
  return {
    sequence: wholeNumber(sequence),
    at: wholeNumber(at),
    action: action as AuditAction,
    user: user as string | null,
    verdict: verdict as Verdict | null,
    reason: reason as Reason | null,
    method: method as string | null,
    service: service as string | null,
    rhost: rhost as string | null,
    tty: tty as string | null,
    caller: caller as string,
    detail: detail as string | null,
    previousHash: previousHash as string,
    hash: hash as string,
  };
}
