/** Signed places of the audit log. What is archived leaves the log by these rows alone. */
import type { Checkpoints, KeptCheckpoint } from "../../contracts/store.ts";
import { type Connection, integer, type Row, text } from "./connection.ts";

const COLUMNS = "sequence, kind, at, document";

const KEEP = `
INSERT INTO audit_checkpoints (${COLUMNS}) VALUES (?, 'head', ?, ?)
ON CONFLICT (sequence, kind) DO UPDATE SET at = excluded.at, document = excluded.document`;

const ARCHIVED = "SELECT max(sequence) FROM audit_checkpoints WHERE kind = 'archive'";

/** ?1 and ?2: the last archived event and its hash; ?3: the first. */
const KEEP_ARCHIVE = `
INSERT INTO audit_checkpoints (${COLUMNS})
SELECT ?1, 'archive', ?4, ?5
WHERE EXISTS (SELECT 1 FROM audit WHERE sequence = ?1 AND hash = ?2)
  AND ?1 < (SELECT max(sequence) FROM audit)
  AND ?3 = 1 + coalesce((${ARCHIVED}), 0)
  AND ?3 <= ?1`;

const FORGET = `DELETE FROM audit_checkpoints WHERE sequence < (${ARCHIVED})`;

const REMOVE = `
DELETE FROM audit WHERE sequence IN (
  SELECT sequence FROM audit
  WHERE sequence <= (${ARCHIVED}) AND sequence < (SELECT max(sequence) FROM audit)
  ORDER BY sequence LIMIT ?)`;

export function checkpointsIn(connection: Connection): Checkpoints {
  return {
    async list() {
      const sql = `SELECT ${COLUMNS} FROM audit_checkpoints ORDER BY sequence, kind`;
      return connection.all(sql).map(toCheckpoint);
    },

    async last(kind) {
      const sql = `SELECT ${COLUMNS} FROM audit_checkpoints WHERE kind = ?
        ORDER BY sequence DESC LIMIT 1`;
      const row = connection.first(sql, kind);
      return row && toCheckpoint(row);
    },

    async keep({ sequence, at, text: document }) {
      connection.run(KEEP, sequence, at, document);
    },

    async keepArchive({ sequence, at, text: document }, first, hash) {
      if (connection.run(KEEP_ARCHIVE, sequence, hash, first, at, document) !== 1) return false;
      connection.run(FORGET);
      return true;
    },

    async removeArchived(limit) {
      return connection.run(REMOVE, limit);
    },
  };
}

function toCheckpoint(row: Row): KeptCheckpoint {
  return {
    sequence: integer(row, "sequence"),
    kind: text(row, "kind") === "archive" ? "archive" : "head",
    at: integer(row, "at"),
    text: text(row, "document"),
  };
}
