/** Backup codes: each spent once, and a new set kills the old one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../../src/contracts/store.ts";
import { addAccount, NOW, type OpenStore, opened } from "./opened.ts";

const COST = { N: 16, r: 1, p: 1 };
const hashes = (...bytes: number[]) => bytes.map((byte) => Buffer.alloc(32, byte));

function replace(store: Store, user: string, codes: readonly Uint8Array[], at = NOW) {
  const set = { salt: Buffer.from(user), cost: COST, hashes: codes };
  return store.transact((tx) => tx.backupCodes.replace(user, set, at));
}

function spend(store: Store, user: string, byte: number) {
  return store.transact((tx) => tx.backupCodes.spend(user, Buffer.alloc(32, byte), NOW));
}

async function left(store: Store, user: string): Promise<number | undefined> {
  return (await store.read((view) => view.backupCodes.find(user)))?.left;
}

export function backupCodesContract(open: OpenStore): void {
  test("a set is found as it was given", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    assert.equal(await left(store, "alice"), undefined);
    await replace(store, "alice", hashes(1, 2, 3), NOW + 9);
    const { salt, ...set } = (await store.read((view) => view.backupCodes.find("alice"))) ?? {};
    assert.deepEqual(set, { cost: COST, createdAt: NOW + 9, left: 3 });
    assert.equal(Buffer.from(salt ?? []).toString(), "alice");
  });

  test("a code is spent once, and only by the one it belongs to", async (t) => {
    const store = await opened(t, open);
    for (const user of ["alice", "bob"]) await addAccount(store, user);
    await replace(store, "alice", hashes(1, 2));
    await replace(store, "bob", hashes(3));
    assert.equal(await spend(store, "bob", 1), false);
    assert.equal(await spend(store, "alice", 9), false);
    assert.deepEqual(
      [await spend(store, "alice", 1), await spend(store, "alice", 1)],
      [true, false],
    );
    assert.deepEqual([await left(store, "alice"), await left(store, "bob")], [1, 1]);
    assert.equal(await spend(store, "alice", 2), true);
    assert.equal(await left(store, "alice"), 0);
  });

  test("a code that was spent is known as such, and no other is", async (t) => {
    const store = await opened(t, open);
    for (const user of ["alice", "bob"]) await addAccount(store, user);
    for (const user of ["alice", "bob"]) await replace(store, user, hashes(1, 2));
    await spend(store, "alice", 1);
    const wasSpent = (user: string, byte: number) =>
      store.read((view) => view.backupCodes.wasSpent(user, Buffer.alloc(32, byte)));
    const asked = await Promise.all([
      ...[wasSpent("alice", 1), wasSpent("alice", 2), wasSpent("alice", 9)],
      ...[wasSpent("bob", 1), wasSpent("nobody", 1)],
    ]);
    assert.deepEqual(asked, [true, false, false, false, false]);
  });

  test("a hash that only begins like one is none", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    await replace(store, "alice", hashes(1));
    for (const hash of [Buffer.alloc(0), Buffer.alloc(31, 1), Buffer.alloc(33, 1)]) {
      assert.equal(await store.transact((tx) => tx.backupCodes.spend("alice", hash, NOW)), false);
    }
  });

  test("a new set kills the old one, used codes and unused", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    await replace(store, "alice", hashes(1, 2));
    await spend(store, "alice", 1);
    await replace(store, "alice", hashes(3, 4));
    assert.deepEqual(
      [await spend(store, "alice", 1), await spend(store, "alice", 2)],
      [false, false],
    );
    assert.equal(await left(store, "alice"), 2);
    assert.equal(await spend(store, "alice", 3), true);
  });

  test("revoking says how many unused codes died", async (t) => {
    const store = await opened(t, open);
    for (const user of ["alice", "bob"]) await addAccount(store, user);
    await replace(store, "alice", hashes(1, 2, 3));
    await replace(store, "bob", hashes(1));
    await spend(store, "alice", 2);
    const revoke = () => store.transact((tx) => tx.backupCodes.revoke("alice"));
    assert.deepEqual([await revoke(), await revoke()], [2, 0]);
    assert.equal(await spend(store, "alice", 1), false);
    assert.equal(await left(store, "alice"), undefined);
    assert.equal(await left(store, "bob"), 1);
  });

  test("one code asked for a hundred times at once is spent once", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    await replace(store, "alice", hashes(1, 2));
    const spent = await Promise.all(Array.from({ length: 100 }, () => spend(store, "alice", 1)));
    assert.equal(spent.filter(Boolean).length, 1);
    assert.equal(await left(store, "alice"), 1);
  });
}
