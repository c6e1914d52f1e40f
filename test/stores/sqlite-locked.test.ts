/** Another process holds the store: waiting has an end, and it is a refusal. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createSqliteStore } from "../../src/stores/sqlite/store.ts";
import { fault, sandbox } from "../files/sandbox.ts";
import { addAccount } from "./opened.ts";

// Locks of SQLite are by connection, so a second one in this process is another process to it.
test("a writer waits ten seconds for a lock, then refuses; readers do not wait", async (t) => {
  const path = join(sandbox(t), "store.db");
  const store = createSqliteStore(path);
  t.after(() => store.close());
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const before = performance.now();
  assert.equal(await store.read((view) => view.accounts.find("alice")), undefined);
  assert.ok(performance.now() - before < 5_000);
  await assert.rejects(addAccount(store, "alice"), fault("store-locked"));
  assert.ok(performance.now() - before > 9_000);
  other.close();
  await addAccount(store, "alice");
});
