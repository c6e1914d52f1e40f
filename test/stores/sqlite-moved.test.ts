/** A store whose files were removed or replaced while it is open takes nothing in: it would be lost. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { createSqliteStore, openSqliteStore } from "../../src/stores/sqlite/store.ts";
import { fault, sandbox } from "../files/sandbox.ts";
import { addAccount } from "./opened.ts";

for (const suffix of ["", "-wal", "-shm"]) {
  test(`store.db${suffix} moved away: nothing is written, until it is back`, async (t) => {
    const file = join(sandbox(t), "store.db");
    const store = createSqliteStore(file);
    await addAccount(store, "alice");
    renameSync(file + suffix, join(dirname(file), "away"));
    await assert.rejects(addAccount(store, "bob"), fault("store-missing"));
    await assert.rejects(
      store.read((view) => view.accounts.find("alice")),
      fault("store-missing"),
    );
    renameSync(join(dirname(file), "away"), file + suffix);
    await addAccount(store, "carol");
    const [bob, carol] = await store.read(async (view) => [
      await view.accounts.find("bob"),
      await view.accounts.find("carol"),
    ]);
    assert.deepEqual([bob, carol?.user], [undefined, "carol"]);
    await store.close();
  });

  test(`store.db${suffix} replaced by its own copy: nothing is written`, async (t) => {
    const file = join(sandbox(t), "store.db");
    const store = createSqliteStore(file);
    await addAccount(store, "alice");
    copyFileSync(file + suffix, join(dirname(file), "copy"));
    renameSync(join(dirname(file), "copy"), file + suffix);
    await assert.rejects(addAccount(store, "bob"), fault("store-missing"));
    await store.close();
  });
}

test("its directory replaced by another with another store: nothing is written to either", async (t) => {
  const directory = join(sandbox(t), "here");
  mkdirSync(directory, { mode: 0o700 });
  const store = createSqliteStore(join(directory, "store.db"));
  renameSync(directory, `${directory}.old`);
  mkdirSync(directory, { mode: 0o700 });
  const other = createSqliteStore(join(directory, "store.db"));
  await addAccount(other, "alice");
  await assert.rejects(addAccount(store, "bob"), fault("store-missing"));
  await store.close();
  for (const place of [directory, `${directory}.old`]) {
    const again = openSqliteStore(join(place, "store.db"));
    assert.equal(await again.read((view) => view.accounts.find("bob")), undefined);
    await again.close();
  }
  await other.close();
  rmSync(directory, { recursive: true });
});
