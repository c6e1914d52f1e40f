/** The secrets of methods as a whole, sealed before they come here. */
import type { MethodSecrets } from "../../contracts/store.ts";
import { bytes, type Connection } from "./connection.ts";

const SET = `
INSERT INTO method_secrets (method, sealed_secret, set_at) VALUES (?, ?, ?)
ON CONFLICT (method) DO UPDATE SET sealed_secret = excluded.sealed_secret, set_at = excluded.set_at`;

export function methodSecretsIn(connection: Connection): MethodSecrets {
  return {
    async find(method) {
      const sql = "SELECT sealed_secret FROM method_secrets WHERE method = ?";
      const row = connection.first(sql, method);
      return row ? bytes(row, "sealed_secret") : undefined;
    },

    async set(method, sealed, at) {
      connection.run(SET, method, sealed, at);
    },

    async remove(method) {
      return connection.run("DELETE FROM method_secrets WHERE method = ?", method) === 1;
    },
  };
}
