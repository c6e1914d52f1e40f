/** The store's files: who can read them, which are opened, and which are refused as they are. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { SCHEMA_VERSION } from "../../src/stores/schema.ts";
import { createSqliteStore, openSqliteStore } from "../../src/stores/sqlite/store.ts";
import { fault, sandbox } from "../files/sandbox.ts";
import { addAccount, enroll, newAuthenticator } from "./opened.ts";

function path(t: TestContext): string {
  return join(sandbox(t), "store.db");
}

/** Runs statements on the file, past the store. */
function behindItsBack(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function pragma(file: string, name: string): unknown {
  const database = new DatabaseSync(file);
  try {
    return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  } finally {
    database.close();
  }
}

for (const umask of [0o000, 0o022, 0o077, 0o777]) {
  test(`under umask ${umask.toString(8)} the owner alone reads the store's files`, async (t) => {
    const file = path(t);
    const before = process.umask(umask);
    try {
      const store = createSqliteStore(file);
      await addAccount(store, "alice");
      for (const suffix of ["", "-wal", "-shm"]) {
        assert.equal(statSync(file + suffix).mode & 0o7777, 0o600, suffix);
      }
      await store.close();
    } finally {
      process.umask(before);
    }
  });
}

test("a new store keeps a write-ahead log, our mark and our version", async (t) => {
  const file = path(t);
  await createSqliteStore(file).close();
  assert.equal(pragma(file, "journal_mode"), "wal");
  assert.equal(pragma(file, "application_id"), 0x6373676e);
  assert.equal(pragma(file, "user_version"), SCHEMA_VERSION);
  assert.equal(pragma(file, "integrity_check"), "ok");
});

test("what was written is there when it is opened again", async (t) => {
  const file = path(t);
  const store = createSqliteStore(file);
  await addAccount(store, "alice");
  await store.close();
  const again = openSqliteStore(file);
  assert.ok(await again.read((view) => view.accounts.find("alice")));
  await again.close();
});

test("a store is not made over another file, nor opened where there is none", async (t) => {
  const file = path(t);
  assert.throws(() => openSqliteStore(file), fault("store-missing"));
  assert.throws(() => statSync(file), /ENOENT/);
  writeFileSync(file, "somebody's");
  assert.throws(() => createSqliteStore(file), fault("file-exists"));
  assert.equal(readFileSync(file, "utf8"), "somebody's");
});

test("a file others can read is refused, and so is a link", async (t) => {
  const file = path(t);
  await createSqliteStore(file).close();
  chmodSync(file, 0o640);
  assert.throws(() => openSqliteStore(file), fault("file-untrusted"));
  chmodSync(file, 0o600);
  symlinkSync(file, `${file}.link`);
  assert.throws(() => openSqliteStore(`${file}.link`), fault("file-untrusted"));
  writeFileSync(`${file}-wal`, "", { mode: 0o644 });
  assert.throws(() => openSqliteStore(file), fault("file-untrusted"));
});

const HALF_MADE: Readonly<Record<string, string | undefined>> = {
  "an empty file": undefined,
  "a file with the log alone": "PRAGMA journal_mode = WAL",
  "a file with our mark and no tables":
    "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x6373676e",
};

for (const [what, sql] of Object.entries(HALF_MADE)) {
  test(`${what} is a creation that was killed: refused, unless it is to be finished`, async (t) => {
    const file = path(t);
    writeFileSync(file, "", { mode: 0o600 });
    if (sql !== undefined) behindItsBack(file, sql);
    assert.throws(() => openSqliteStore(file), fault("store-corrupt", /empty/));
    const store = openSqliteStore(file, { finish: true });
    await addAccount(store, "alice");
    await store.close();
    await openSqliteStore(file).close();
    assert.equal(pragma(file, "journal_mode"), "wal");
    assert.equal(pragma(file, "user_version"), SCHEMA_VERSION);
  });
}

test("a newer schema is refused, and left as it is", async (t) => {
  const file = path(t);
  await createSqliteStore(file).close();
  behindItsBack(file, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  assert.throws(() => openSqliteStore(file), fault("store-newer"));
  assert.equal(pragma(file, "user_version"), SCHEMA_VERSION + 1);
});

test("another program's database is refused, and left as it is", async (t) => {
  const file = path(t);
  writeFileSync(file, "", { mode: 0o600 });
  behindItsBack(file, "CREATE TABLE theirs (x); PRAGMA user_version = 1");
  const before = readFileSync(file);
  assert.throws(() => openSqliteStore(file), fault("store-corrupt", /not a countersign store/));
  assert.deepEqual(readFileSync(file), before);
  behindItsBack(file, "PRAGMA application_id = 7; DROP TABLE theirs");
  assert.throws(() => openSqliteStore(file), fault("store-corrupt"));
});

test("what is no database is refused, and left as it is", async (t) => {
  const file = path(t);
  for (const bytes of [
    "x",
    "not a database ".repeat(1_000),
    "SQLite format 3\0".padEnd(4096, "z"),
  ]) {
    writeFileSync(file, bytes, { mode: 0o600 });
    assert.throws(() => openSqliteStore(file), fault("store-corrupt"), `${bytes.length} bytes`);
    assert.equal(readFileSync(file, "utf8"), bytes);
  }
});

const PAGE = 4096;

function rootPageOf(file: string, table: string): number {
  const database = new DatabaseSync(file);
  const row = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table);
  database.close();
  return Number(row?.rootpage);
}

test("a damaged page is a damaged store, and nothing is answered from it", async (t) => {
  const file = path(t);
  const store = createSqliteStore(file);
  await addAccount(store, "alice");
  await store.close();
  const bytes = readFileSync(file);
  const page = rootPageOf(file, "accounts");
  writeFileSync(file, bytes.fill(0xff, (page - 1) * PAGE, page * PAGE));
  const damaged = openSqliteStore(file);
  await assert.rejects(
    damaged.read((view) => view.accounts.find("alice")),
    fault("store-corrupt"),
  );
  await assert.rejects(addAccount(damaged, "bob"), fault("store-corrupt"));
  await damaged.close();
});

for (const [column, value] of [
  ["algorithm", "'sha2'"],
  ["digits", "5"],
]) {
  test(`an ${column} that no statement could write is a damaged store`, async (t) => {
    const file = path(t);
    const store = createSqliteStore(file);
    await enroll(store, newAuthenticator("1", "alice"));
    await store.close();
    const set = `UPDATE authenticators SET ${column} = ${value}`;
    behindItsBack(file, `PRAGMA ignore_check_constraints = ON; ${set}`);
    const damaged = openSqliteStore(file);
    await assert.rejects(
      damaged.read((view) => view.authenticators.find("alice", "totp", "active")),
      fault("store-corrupt"),
    );
    await damaged.close();
  });
}
