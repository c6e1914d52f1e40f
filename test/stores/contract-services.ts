/** What services such as Duo keep for us: authenticators without a secret, names, and keys. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store, Transaction } from "../../src/contracts/store.ts";
import {
  addAccount,
  begin,
  enroll,
  NOW,
  newAuthenticator,
  type OpenStore,
  opened,
} from "./opened.ts";

const PUSH = { id: "p", user: "alice", method: "duo-push" };

const add = (store: Store, at = NOW, changes: Partial<typeof PUSH> = {}) =>
  store.transact((tx) => tx.authenticators.addRemote({ ...PUSH, ...changes }, at));
const findRemote = (store: Store, user: string, method: string) =>
  store.read((view) => view.authenticators.findRemote(user, method));
const noteUse = (store: Store, id: string, at: number) =>
  store.transact((tx) => tx.authenticators.noteUse(id, at));

export function servicesContract(open: OpenStore): void {
  test("a remote authenticator is there once for a user and method", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    assert.equal(await findRemote(store, "alice", "duo-push"), undefined);
    assert.deepEqual([await add(store), await add(store, NOW, { id: "q" })], [true, false]);
    assert.deepEqual(await findRemote(store, "alice", "duo-push"), PUSH);
    assert.equal(await findRemote(store, "alice", "duo-prompt"), undefined);
    assert.equal(await findRemote(store, "Alice", "duo-push"), undefined);
  });

  test("of a hundred that add it at once, one does", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, n) => add(store, NOW, { id: `${n}` })),
    );
    assert.equal(all.filter(Boolean).length, 1);
  });

  test("its use is noted while it is there, and no longer", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    await add(store);
    assert.equal(await noteUse(store, "p", NOW + 5), true);
    const overview = await store.read((view) => view.accounts.overview("alice"));
    assert.deepEqual(overview?.authenticators, [
      {
        ...{ method: "duo-push", serial: "", status: "active", expiresAt: undefined },
        ...{ enrolledAt: NOW, lastUsedAt: NOW + 5 },
      },
    ]);
    await store.transact((tx) => tx.authenticators.remove("alice", "duo-push"));
    assert.equal(await noteUse(store, "p", NOW + 6), false);
  });

  test("what is begun is not in use yet, and what has a secret is not remote", async (t) => {
    const store = await opened(t, open);
    await begin(store, newAuthenticator("1", "alice"));
    assert.equal(await noteUse(store, "1", NOW), false);
    await enroll(store, newAuthenticator("2", "bob"));
    assert.equal(await findRemote(store, "bob", "totp"), undefined);
  });

  test("it makes its user an enrolled one, in every list and count", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    assert.equal((await store.read((view) => view.accounts.census(NOW))).none, 1);
    await add(store);
    assert.equal((await store.read((view) => view.accounts.census(NOW))).active, 1);
    assert.equal(await store.read((view) => view.accounts.isAnySpellingEnrolled("alice")), true);
  });

  test("a preferred method and a message are set, changed and taken away as an alias is", async (t) => {
    const store = await opened(t, open);
    for (const user of ["alice", "bob"]) await addAccount(store, user);
    const transact = <T>(work: (tx: Transaction) => Promise<T>) => store.transact(work);
    const seen = async () => {
      const { preferredMethod, message } =
        (await store.read((view) => view.accounts.overview("alice"))) ?? assert.fail();
      return [preferredMethod, message];
    };
    const prefer = (user: string, method?: string) =>
      transact((tx) => tx.accounts.setPreferredMethod(user, method));
    const tell = (user: string, text?: string) =>
      transact((tx) => tx.accounts.setMessage(user, text));
    assert.deepEqual([await prefer("nobody", "totp"), await tell("nobody", "x")], [false, false]);
    assert.deepEqual([await prefer("alice", "totp"), await prefer("alice", "totp")], [true, false]);
    assert.deepEqual([await tell("alice", "x"), await tell("alice", "y")], [true, true]);
    assert.deepEqual(await seen(), ["totp", "y"]);
    await prefer("bob", "duo-push");
    await transact((tx) => tx.accounts.forgetPreferredMethod("duo-push"));
    assert.deepEqual(await seen(), ["totp", "y"]);
    assert.deepEqual([await prefer("bob"), await prefer("alice")], [false, true]);
    assert.deepEqual([await tell("alice"), await tell("alice")], [true, false]);
    assert.deepEqual(await seen(), [undefined, undefined]);
  });

  test("an alias is set, changed and taken away, of an account that is there", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    const set = (user: string, alias?: string) =>
      store.transact((tx) => tx.accounts.setAlias(user, alias));
    const alias = async () => (await store.read((view) => view.accounts.find("alice")))?.alias;
    assert.equal(await set("bob", "b"), false);
    assert.deepEqual([await set("alice", "a@x"), await set("alice", "a@x")], [true, false]);
    assert.equal(await alias(), "a@x");
    assert.equal((await store.read((view) => view.accounts.overview("alice")))?.alias, "a@x");
    assert.deepEqual([await set("alice"), await set("alice")], [true, false]);
    assert.equal(await alias(), undefined);
  });

  test("a method's secret is kept, and replaced", async (t) => {
    const store = await opened(t, open);
    const find = (method: string) => store.read((view) => view.methodSecrets.find(method));
    const set = (text: string) =>
      store.transact((tx) => tx.methodSecrets.set("duo-push", Buffer.from(text), NOW));
    assert.equal(await find("duo-push"), undefined);
    await set("one");
    await set("two");
    assert.deepEqual(Buffer.from((await find("duo-push")) ?? []), Buffer.from("two"));
    assert.equal(await find("duo-prompt"), undefined);
    const remove = () => store.transact((tx) => tx.methodSecrets.remove("duo-push"));
    assert.deepEqual([await remove(), await remove()], [true, false]);
    assert.equal(await find("duo-push"), undefined);
  });

  test("a purge takes a method from everybody, and leaves the others' alone", async (t) => {
    const store = await opened(t, open);
    for (const user of ["alice", "bob"]) await enroll(store, newAuthenticator(user, user));
    await addAccount(store, "carol");
    await add(store, NOW, { id: "q", user: "bob" });
    await add(store, NOW, { id: "r", user: "carol" });
    await begin(store, newAuthenticator("s", "carol"));
    const tally = () => store.read((view) => view.authenticators.tally());
    assert.deepEqual(Object.fromEntries(await tally()), { totp: 2, "duo-push": 2 });
    // What is pending goes too: it could be confirmed.
    assert.equal(await store.transact((tx) => tx.authenticators.purge("totp")), 3);
    assert.deepEqual(Object.fromEntries(await tally()), { "duo-push": 2 });
  });

  test("stranded backup codes are those of who has nothing else", async (t) => {
    const store = await opened(t, open);
    const set = { salt: Buffer.alloc(16), cost: { N: 2, r: 1, p: 1 }, hashes: [Buffer.of(1)] };
    for (const user of ["alice", "bob"]) {
      await enroll(store, newAuthenticator(user, user));
      await store.transact((tx) => tx.backupCodes.replace(user, set, NOW));
    }
    const left = () => store.read((view) => view.backupCodes.tally());
    const purge = (which: "all" | "stranded") =>
      store.transact((tx) => tx.backupCodes.purge(which));
    assert.deepEqual([await left(), await purge("stranded")], [2, 0]);
    await store.transact((tx) => tx.authenticators.remove("bob"));
    assert.deepEqual([await purge("stranded"), await left()], [1, 1]);
    assert.deepEqual([await purge("all"), await left()], [1, 0]);
  });
}
