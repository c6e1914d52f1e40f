/** What the store knows of itself. */
import type { Facts } from "../../contracts/store.ts";
import { bytes, type Connection } from "./connection.ts";

export function factsIn(connection: Connection): Facts {
  return {
    async get(name) {
      const row = connection.first("SELECT value FROM facts WHERE name = ?", name);
      return row ? bytes(row, "value") : undefined;
    },

    async setOnce(name, value) {
      const sql = "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING";
      return connection.run(sql, name, value) === 1;
    },
  };
}
