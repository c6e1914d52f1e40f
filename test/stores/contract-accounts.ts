/** Accounts: created once, switched off and on, and found by any spelling. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addAccount,
  begin,
  enroll,
  NOW,
  newAuthenticator,
  type OpenStore,
  opened,
} from "./opened.ts";

export function accountsContract(open: OpenStore): void {
  test("an account is created once", async (t) => {
    const store = await opened(t, open);
    assert.equal(await store.read((view) => view.accounts.find("alice")), undefined);
    await addAccount(store, "alice");
    await store.transact((tx) => tx.accounts.ensure("alice", "another", NOW + 1));
    assert.deepEqual(await store.read((view) => view.accounts.find("alice")), {
      ...{ user: "alice", createdAt: NOW, disabledAt: undefined, alias: undefined },
      ...{ preferredMethod: undefined, message: undefined },
    });
  });

  test("disabling and enabling say whether they changed anything", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    const disable = (user: string) => store.transact((tx) => tx.accounts.disable(user, NOW + 5));
    const enable = (user: string) => store.transact((tx) => tx.accounts.enable(user));
    assert.deepEqual([await disable("alice"), await disable("alice")], [true, false]);
    const disabled = await store.read((view) => view.accounts.find("alice"));
    assert.equal(disabled?.disabledAt, NOW + 5);
    assert.deepEqual([await enable("alice"), await enable("alice")], [true, false]);
    assert.deepEqual([await disable("nobody"), await enable("nobody")], [false, false]);
    assert.equal(await store.read((view) => view.accounts.find("nobody")), undefined);
  });

  test("names that differ in a letter's case are different accounts", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    for (const name of ["Alice", "alice ", "alic", "ALICE", "a%", "alice\u0000"]) {
      assert.equal(await store.read((view) => view.accounts.find(name)), undefined, name);
    }
  });

  test("any spelling is held by one that is enrolled, or that is disabled", async (t) => {
    const store = await opened(t, open);
    const isHeld = (key: string) => store.read((view) => view.accounts.isAnySpellingEnrolled(key));
    assert.equal(await isHeld("alice"), false);
    await begin(store, newAuthenticator("1", "Alice"));
    assert.equal(await isHeld("alice"), false, "pending is not enrolled");
    await enroll(store, newAuthenticator("2", "ALICE"));
    assert.equal(await isHeld("alice"), true);
    assert.equal(await isHeld("alic"), false);

    await addAccount(store, "bob");
    await store.transact((tx) => tx.accounts.disable("bob", NOW));
    assert.equal(await isHeld("bob"), true, "disabled, with nothing enrolled");
    await store.transact((tx) => tx.accounts.enable("bob"));
    assert.equal(await isHeld("bob"), false);
  });

  test("a name is disabled by its own account, or where it has none by another spelling's", async (t) => {
    const store = await opened(t, open);
    const isDisabled = (user: string) =>
      store.read((view) => view.accounts.isDisabled(user, "alice"));
    assert.equal(await isDisabled("alice"), false);
    await addAccount(store, "alice");
    assert.deepEqual([await isDisabled("alice"), await isDisabled("ALICE")], [false, false]);
    await store.transact((tx) => tx.accounts.disable("alice", NOW));
    assert.deepEqual([await isDisabled("alice"), await isDisabled("ALICE")], [true, true]);
    await store.transact((tx) => tx.accounts.ensure("ALICE", "alice", NOW));
    assert.deepEqual([await isDisabled("alice"), await isDisabled("ALICE")], [true, false]);
  });

  test("a name comes back as it was given", async (t) => {
    const store = await opened(t, open);
    const names = [
      "O'Brien",
      'a"b',
      "a\\b",
      "--",
      "%_",
      "用户",
      "é",
      "e\u0301",
      "🧑",
      "x".repeat(256),
    ];
    for (const name of names) await addAccount(store, name);
    for (const name of names) {
      const found = await store.read((view) => view.accounts.find(name));
      assert.equal(found?.user, name);
    }
  });
}
