/** Stores of earlier releases: opened, they hold what they held (pam-u2f 1.3.2 locked people out). */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrationsFrom, SCHEMA_VERSION } from "../../src/stores/schema.ts";
import { openSqliteStore } from "../../src/stores/sqlite/store.ts";
import { sandbox } from "../files/sandbox.ts";

const DIALECT = { integer: "INTEGER", bytes: "BLOB", tableOptions: "STRICT, WITHOUT ROWID" };

/** As the first release left it, with somebody enrolled and somebody who has begun. */
const FIRST = `
INSERT INTO accounts VALUES ('alice', 'alice', 1, NULL), ('bob', 'bob', 2, 3);
INSERT INTO authenticators VALUES
  ('1', 'alice', 'totp', 'active', x'0102', 'sha512', 8, 60, -1, 4711, 5, NULL, 6, 7),
  ('2', 'alice', 'totp', 'pending', x'03', 'sha1', 6, 30, 0, -1, 8, 9, NULL, NULL);`;

test("a store of the first release is brought forward, with every row as it was", async (t) => {
  const file = join(sandbox(t), "store.db");
  writeFileSync(file, "", { mode: 0o600 });
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA application_id = 0x6373676e;");
  database.exec(`${migrationsFrom(0, DIALECT)[0]} PRAGMA user_version = 1; ${FIRST}`);
  database.close();

  const store = openSqliteStore(file);
  await store.read(async ({ accounts, authenticators }) => {
    const { sealedSecret, ...active } =
      (await authenticators.find("alice", "totp", "active")) ?? assert.fail();
    assert.deepEqual(Buffer.from(sealedSecret), Buffer.of(1, 2));
    assert.deepEqual(active, {
      ...{ id: "1", user: "alice", method: "totp", status: "active" },
      ...{ algorithm: "sha512", digits: 8, period: 60, drift: -1, lastCounter: 4711 },
      ...{ serial: "", skew: 0 },
      invitation: undefined,
      ...{ enrolledAt: 6, lastUsedAt: 7, expiresAt: undefined },
    });
    assert.equal((await authenticators.find("alice", "totp", "pending"))?.expiresAt, 9);
    assert.deepEqual(await accounts.find("bob"), {
      ...{ user: "bob", createdAt: 2, disabledAt: 3, alias: undefined },
      ...{ preferredMethod: undefined, message: undefined },
    });
  });
  // What held a row then holds it now: spent stays spent, and there is one of each.
  assert.equal(await store.transact((tx) => tx.authenticators.spend("1", 4711, 0, 9)), false);
  const remote = { id: "3", user: "alice", method: "duo-push" };
  assert.equal(await store.transact((tx) => tx.authenticators.addRemote(remote, 9)), true);
  await store.close();
  await openSqliteStore(file).close();

  const after = new DatabaseSync(file);
  t.after(() => after.close());
  assert.equal(after.prepare("PRAGMA user_version").get()?.user_version, SCHEMA_VERSION);
  assert.equal(after.prepare("PRAGMA foreign_key_check").get(), undefined);
  assert.equal(after.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok");
  const half = "INSERT INTO authenticators (id, account, method, status, algorithm, created_at)";
  assert.throws(
    () => after.exec(`${half} VALUES ('4', 'bob', 'totp', 'active', 'sha1', 1)`),
    /CHECK/,
  );
});
