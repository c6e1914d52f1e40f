/** Another process holds the store: who waits holds up nobody else, and not for ever. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "../../src/contracts/store.ts";
import { createSqliteStore, openSqliteStore } from "../../src/stores/sqlite/store.ts";
import { fault, sandbox } from "../files/sandbox.ts";
import { addAccount } from "./opened.ts";

// Locks of SQLite are by connection, so a second one in this process is another process to it.
function lockedStore(t: TestContext): { store: Store; other: DatabaseSync } {
  const path = join(sandbox(t), "store.db");
  const store = createSqliteStore(path);
  t.after(() => store.close());
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  return { store, other };
}

test("a writer waits ten seconds for a lock, then refuses", async (t) => {
  const { store, other } = lockedStore(t);
  const before = performance.now();
  await assert.rejects(addAccount(store, "alice"), fault("store-locked"));
  assert.ok(performance.now() - before > 9_000);
  other.close();
  await addAccount(store, "alice");
});

test("while a writer waits, readers pass it and the process does other things", async (t) => {
  const { store, other } = lockedStore(t);
  let turns = 0;
  const ticking = setInterval(() => turns++, 5);
  t.after(() => clearInterval(ticking));
  const writing = addAccount(store, "alice");
  for (let reads = 0; reads < 5; reads++) {
    await sleep(20);
    assert.equal(await store.read((view) => view.accounts.find("alice")), undefined);
  }
  assert.ok(turns >= 10, `${turns} turns`);
  other.exec("ROLLBACK");
  await writing;
  assert.ok(await store.read((view) => view.accounts.find("alice")));
  other.close();
});

test("where readers are locked out as well, they wait as writers do", async (t) => {
  const path = join(sandbox(t), "store.db");
  await createSqliteStore(path).close();
  const other = new DatabaseSync(path);
  // Without the write-ahead log, which lets readers pass.
  other.exec("PRAGMA journal_mode = DELETE");
  const store = openSqliteStore(path);
  t.after(() => store.close());
  other.exec("BEGIN EXCLUSIVE");
  let isDone = false;
  const reading = store
    .read((view) => view.accounts.find("alice"))
    .finally(() => {
      isDone = true;
    });
  await sleep(100);
  assert.ok(!isDone);
  other.exec("ROLLBACK");
  assert.equal(await reading, undefined);
  other.close();
});
