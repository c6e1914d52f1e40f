/** A commit that fails fails for everybody in it, and nothing of it is left. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Facts } from "../../src/contracts/store.ts";
import { Fault } from "../../src/core/fault.ts";
import { Connection } from "../../src/stores/sqlite/connection.ts";
import { factsIn } from "../../src/stores/sqlite/facts.ts";
import { createSqliteStore } from "../../src/stores/sqlite/store.ts";
import { TransactionQueue } from "../../src/stores/sqlite/transaction-queue.ts";
import { asRoot, fault, onSmallDisk, sandbox } from "../files/sandbox.ts";
import { addAccount, NOW } from "./opened.ts";

/** A connection whose next statements of one kind fail, as on a full disk. */
class FailingConnection extends Connection {
  failing: string | undefined;
  readonly statements: string[] = [];

  override exec(sql: string): void {
    this.statements.push(sql);
    if (sql === this.failing) throw Object.assign(new Error("disk full"), { errcode: 13 });
    super.exec(sql);
  }
}

async function queueOver(t: TestContext) {
  const path = join(sandbox(t), "store.db");
  await createSqliteStore(path).close();
  const connection = new FailingConnection(path);
  t.after(() => connection.close());
  const queue = new TransactionQueue(connection);
  const facts: Facts = factsIn(connection);
  const set = (name: string) => queue.write(() => facts.setOnce(name, Buffer.of(1)));
  const get = (name: string) => queue.read(() => facts.get(name));
  return { connection, queue, facts, set, get };
}

test("every commit is synced in full before it counts", async (t) => {
  const { connection } = await queueOver(t);
  const full = 2; // https://www.sqlite.org/pragma.html#pragma_synchronous
  assert.deepEqual({ ...connection.first("PRAGMA synchronous") }, { synchronous: full });
  assert.deepEqual({ ...connection.first("PRAGMA journal_mode") }, { journal_mode: "wal" });
  assert.deepEqual({ ...connection.first("PRAGMA foreign_keys") }, { foreign_keys: 1 });
  assert.deepEqual({ ...connection.first("PRAGMA secure_delete") }, { secure_delete: 1 });
});

test("a failed commit rejects everybody in its group, and leaves nothing of anybody's", async (t) => {
  const { connection, set, get } = await queueOver(t);
  connection.failing = "COMMIT";
  const names = ["a", "b", "c", "d"];
  const ended = await Promise.allSettled(names.map(set));
  for (const each of ended) {
    assert.equal(each.status, "rejected");
    assert.ok(fault("store-unwritable")((each as PromiseRejectedResult).reason));
  }
  connection.failing = undefined;
  for (const name of names) assert.equal(await get(name), undefined);
  assert.ok(await set("a"), "and it works again afterwards");
});

test("nobody is told of success before the commit", async (t) => {
  const { connection, queue, facts } = await queueOver(t);
  let committedWhenTold = false;
  const work = queue.write(() => facts.setOnce("f", Buffer.of(1)));
  await work.then(() => {
    committedWhenTold = connection.statements.includes("COMMIT");
  });
  assert.ok(committedWhenTold);
});

test("works that wait together share one commit", async (t) => {
  const { connection, set } = await queueOver(t);
  await Promise.all(Array.from({ length: 64 }, (_, n) => set(`${n}`)));
  assert.equal(connection.statements.filter((sql) => sql === "COMMIT").length, 1);
});

test("many who come one in a turn share commits; one alone has one each", async (t) => {
  const { connection, set } = await queueOver(t);
  const commits = () => connection.statements.filter((sql) => sql === "COMMIT").length;
  for (let n = 0; n < 40; n++) {
    await set(`alone ${n}`);
    await nextTurn();
    await nextTurn();
  }
  assert.equal(commits(), 40);
  const writing: Promise<boolean>[] = [];
  for (let n = 0; n < 400; n++) {
    writing.push(set(`crowd ${n}`));
    await nextTurn();
  }
  await Promise.all(writing);
  assert.ok(commits() - 40 < 100, `${commits() - 40} commits`);
});

test("a transaction that cannot begin is refused, and the next is not", async (t) => {
  const { connection, set, get } = await queueOver(t);
  for (const failing of ["BEGIN IMMEDIATE", "SAVEPOINT work", "RELEASE work"]) {
    connection.failing = failing;
    await assert.rejects(set("f"), fault("store-unwritable"), failing);
    connection.failing = undefined;
    assert.equal(await get("f"), undefined);
  }
  assert.ok(await set("f"));
});

test("when a failed work cannot be undone alone, its whole group fails", async (t) => {
  const { connection, queue, set, get } = await queueOver(t);
  connection.failing = "ROLLBACK TO work; RELEASE work";
  const ended = await Promise.allSettled([
    set("a"),
    queue.write(() => Promise.reject(new Fault("refused", "no"))),
    set("b"),
  ]);
  assert.deepEqual(
    ended.map(({ status }) => status),
    ["rejected", "rejected", "rejected"],
  );
  connection.failing = undefined;
  assert.deepEqual([await get("a"), await get("b")], [undefined, undefined]);
});

test("a full disk refuses, and what was there is still there", asRoot, async (t) => {
  const directory = join(sandbox(t), "disk");
  mkdirSync(directory, { mode: 0o700 });
  await onSmallDisk(t, directory, () => {
    assert.throws(() => createSqliteStore(join(directory, "s.db")), fault("store-unwritable"));
  });
});

test("a store whose file system became read-only refuses to record", async (t) => {
  const { connection, set, get } = await queueOver(t);
  await set("before");
  connection.exec("PRAGMA query_only = ON");
  await assert.rejects(set("f"), fault("store-unwritable"));
  assert.ok(await get("before"));
});

test("the store's own queue keeps a thousand works apart", async (t) => {
  const store = createSqliteStore(join(sandbox(t), "store.db"));
  t.after(() => store.close());
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => addAccount(store, `user ${n}`)));
  const page = await store.read((view) =>
    view.accounts.page({ order: "name", now: NOW }, undefined, 2_000),
  );
  assert.equal(page.accounts.length, 1_000);
});
