/** Invitations: used by one statement, once, in time, and by their own user. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { addAccount, LATER, NOW, newAuthenticator, type OpenStore, opened } from "./opened.ts";

const invitation = (id: string, user = "alice") => ({
  ...{ id, user, hash: Buffer.from(id), host: undefined, network: "10.0.0.0/8" },
  ...{ createdAt: NOW, createdBy: "0:root", expiresAt: LATER },
});

async function storeWith(open: OpenStore, t: Parameters<typeof opened>[0], ...ids: string[]) {
  const store = await opened(t, open);
  for (const user of ["alice", "bob"]) await addAccount(store, user);
  await store.transact(async (tx) => {
    for (const id of ids) await tx.invitations.add(invitation(id));
  });
  return store;
}

export function invitationsContract(open: OpenStore): void {
  test("one is found as it was given", async (t) => {
    const store = await storeWith(open, t, "1", "2");
    const { hash, ...given } = invitation("1");
    await store.read(async ({ invitations }) => {
      const { hash: kept, ...found } = (await invitations.find("1")) ?? assert.fail();
      assert.deepEqual(found, { ...given, usedAt: undefined });
      assert.deepEqual(Buffer.from(kept), hash);
      assert.equal(await invitations.find("3"), undefined);
      assert.deepEqual(
        (await invitations.of("alice")).map(({ id }) => id),
        ["1", "2"],
      );
      assert.deepEqual(await invitations.of("bob"), []);
      assert.deepEqual(
        (await invitations.page("", 1)).map(({ id }) => id),
        ["1"],
      );
      assert.deepEqual(
        (await invitations.page("1", 5)).map(({ id }) => id),
        ["2"],
      );
    });
  });

  test("of a hundred that use it at once, one does", async (t) => {
    const store = await storeWith(open, t, "1");
    const use = () => store.transact((tx) => tx.invitations.use("1", "alice", NOW));
    const all = await Promise.all(Array.from({ length: 100 }, use));
    assert.equal(all.filter(Boolean).length, 1);
  });

  test("late, by another, and once it is revoked, it is not used", async (t) => {
    const store = await storeWith(open, t, "1", "2");
    const use = (id: string, user: string, at: number) =>
      store.transact((tx) => tx.invitations.use(id, user, at));
    assert.equal(await use("1", "bob", NOW), false);
    assert.equal(await use("1", "alice", LATER), false);
    assert.equal(await use("1", "alice", LATER - 1), true);
    const revoke = (...of: [string, string?]) =>
      store.transact((tx) => tx.invitations.revoke(...of));
    assert.deepEqual([await revoke("alice", "1"), await revoke("bob", "2")], [0, 0]);
    assert.deepEqual([await revoke("alice", "2"), await revoke("alice")], [1, 0]);
    assert.equal(await use("2", "alice", NOW), false);
    await store.transact((tx) => tx.invitations.sweep(LATER));
    assert.notEqual(await store.read((view) => view.invitations.find("1")), undefined);
    await store.transact((tx) => tx.invitations.sweep(LATER + 1));
    assert.equal(await store.read((view) => view.invitations.find("1")), undefined);
  });

  test("the first authenticator is added once, and to nobody who has one or is disabled", async (t) => {
    const store = await storeWith(open, t);
    await store.transact((tx) => tx.accounts.ensure("Alice", "alice", NOW));
    const add = (id: string, user: string) => {
      const { method, sealedSecret } = newAuthenticator(id, user);
      const given = { id, user, method, sealedSecret };
      const confirmed = { ...given, ...DEFAULT_PARAMETERS, step: 7, drift: 1 };
      return store.transact((tx) => tx.authenticators.addFirst(confirmed, NOW));
    };
    const all = await Promise.all(Array.from({ length: 100 }, (_, n) => add(`${n}`, "alice")));
    assert.equal(all.filter(Boolean).length, 1);
    assert.equal(await add("other", "Alice"), false, "another spelling");
    const found = await store.read((view) => view.authenticators.find("alice", "totp", "active"));
    assert.deepEqual([found?.lastCounter, found?.drift, found?.enrolledAt], [7, 1, NOW]);
    await store.transact((tx) => tx.accounts.disable("bob", NOW));
    assert.equal(await add("b", "bob"), false);
    await store.transact((tx) => tx.accounts.enable("bob"));
    assert.equal(await add("b", "bob"), true);
  });
}
