/** Backup codes, as hashes. A code is spent by one conditional statement (DESIGN.md 6.1). */
import type { BackupCodes } from "../../contracts/store.ts";
import { BACKUP_CODE } from "../../core/backup-code.ts";
import { bytes, type Connection, integer } from "./connection.ts";
import { endTicketsOf } from "./grace-tickets.ts";

const FIND = `
SELECT s.salt, s.cost_n, s.cost_r, s.cost_p, s.created_at,
  (SELECT count(*) FROM backup_codes c WHERE c.account = s.account AND c.used_at IS NULL) AS codes_left
FROM backup_code_sets s WHERE s.account = ?`;

const ADD_SET = `
INSERT INTO backup_code_sets (account, salt, cost_n, cost_r, cost_p, created_at)
VALUES (?, ?, ?, ?, ?, ?)`;

const SPEND = `
UPDATE backup_codes SET used_at = ? WHERE account = ? AND hash = ? AND used_at IS NULL`;

const TALLY = "SELECT count(DISTINCT account) AS sets FROM backup_codes WHERE used_at IS NULL";

const STRANDED = ` WHERE account NOT IN
  (SELECT account FROM authenticators WHERE status = 'active')`;

export function backupCodesIn(connection: Connection): BackupCodes {
  function revoke(user: string): number {
    const sql = "SELECT count(*) AS codes FROM backup_codes WHERE account = ? AND used_at IS NULL";
    const unused = connection.first(sql, user);
    endTicketsOf(connection, user, BACKUP_CODE);
    connection.run("DELETE FROM backup_codes WHERE account = ?", user);
    connection.run("DELETE FROM backup_code_sets WHERE account = ?", user);
    return unused ? integer(unused, "codes") : 0;
  }

  return {
    async replace(user, { salt, cost, hashes }, at) {
      revoke(user);
      connection.run(ADD_SET, user, salt, cost.N, cost.r, cost.p, at);
      for (const hash of hashes) {
        connection.run("INSERT INTO backup_codes (account, hash) VALUES (?, ?)", user, hash);
      }
    },

    async find(user) {
      const row = connection.first(FIND, user);
      if (!row) return undefined;
      const cost = {
        N: integer(row, "cost_n"),
        r: integer(row, "cost_r"),
        p: integer(row, "cost_p"),
      };
      const left = integer(row, "codes_left");
      return { salt: bytes(row, "salt"), cost, createdAt: integer(row, "created_at"), left };
    },

    async spend(user, hash, at) {
      return connection.run(SPEND, at, user, hash) === 1;
    },

    async wasSpent(user, hash) {
      const sql = "SELECT used_at FROM backup_codes WHERE account = ? AND hash = ?";
      const row = connection.first(sql, user, hash);
      return row !== undefined && row.used_at !== null;
    },

    async revoke(user) {
      return revoke(user);
    },

    async tally() {
      const row = connection.first(TALLY);
      return row ? integer(row, "sets") : 0;
    },

    async purge(which) {
      const where = which === "all" ? "" : STRANDED;
      // Of the others, those who have an authenticator left keep theirs.
      if (which === "all")
        connection.run("DELETE FROM grace_tickets WHERE method = ?", BACKUP_CODE);
      connection.run(`DELETE FROM backup_codes${where}`);
      return connection.run(`DELETE FROM backup_code_sets${where}`);
    },
  };
}
