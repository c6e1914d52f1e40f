/** The inventory: tokens that were imported and are nobody's yet. */
import type { Tokens } from "../../contracts/store.ts";
import { keptParameters } from "./authenticators.ts";
import { bytes, type Connection, integer, type Row, text } from "./connection.ts";

// One that somebody has is not added a second time: it would begin again with its old counter.
const ADD = `
INSERT INTO tokens
  (method, serial, sealed_secret, algorithm, digits, period, skew, last_counter, added_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
WHERE NOT EXISTS
  (SELECT 1 FROM authenticators WHERE method = ?1 AND serial = ?2 AND status = 'active')
ON CONFLICT (method, serial) DO NOTHING`;

const PAGE = `
SELECT * FROM tokens WHERE (method, serial) > (?, ?) ORDER BY method, serial LIMIT ?`;

export function tokensIn(connection: Connection): Tokens {
  return {
    async add({ method, serial, sealedSecret, skew, lastCounter, ...parameters }, at) {
      const { algorithm, digits, period } = parameters;
      const row = [method, serial, sealedSecret, algorithm, digits, period, skew, lastCounter, at];
      return connection.run(ADD, ...row) === 1;
    },

    async find(method, serial) {
      const sql = "SELECT * FROM tokens WHERE method = ? AND serial = ?";
      const row = connection.first(sql, method, serial);
      return row ? toToken(row) : undefined;
    },

    async take(method, serial) {
      return (
        connection.run("DELETE FROM tokens WHERE method = ? AND serial = ?", method, serial) === 1
      );
    },

    async page(after, limit) {
      const rows = connection.all(PAGE, after?.method ?? "", after?.serial ?? "", limit);
      return rows.map((row) => ({ ...toToken(row), addedAt: integer(row, "added_at") }));
    },

    async purge(method) {
      return connection.run("DELETE FROM tokens WHERE method = ?", method);
    },
  };
}

function toToken(row: Row) {
  return {
    method: text(row, "method"),
    serial: text(row, "serial"),
    sealedSecret: bytes(row, "sealed_secret"),
    ...keptParameters(row),
    skew: integer(row, "skew"),
    lastCounter: integer(row, "last_counter"),
  };
}
