/** Several of one method, told apart by serial number; and the tokens that are nobody's yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store, Token } from "../../src/contracts/store.ts";
import {
  addAccount,
  begin,
  enroll,
  NOW,
  newAuthenticator,
  type OpenStore,
  opened,
} from "./opened.ts";

const HOTP = { algorithm: "sha1", digits: 6, period: undefined } as const;
const TOKEN: Token = {
  ...{ method: "hotp", serial: "S1", sealedSecret: Buffer.from("sealed"), ...HOTP },
  ...{ skew: 0, lastCounter: 41 },
};

const add = (store: Store, changes: Partial<Token> = {}) =>
  store.transact((tx) => tx.tokens.add({ ...TOKEN, ...changes }, NOW));

const hotp = (id: string, user: string, serial: string) =>
  newAuthenticator(id, user, { method: "hotp", serial, ...HOTP });

export function tokensContract(open: OpenStore): void {
  test("a token is kept as it was given, once, and is taken once", async (t) => {
    const store = await opened(t, open);
    assert.deepEqual([await add(store), await add(store)], [true, false]);
    assert.equal(await add(store, { method: "totp", period: 60 }), true);
    const found = await store.read((view) => view.tokens.find("hotp", "S1"));
    assert.deepEqual({ ...found, sealedSecret: Buffer.from(found?.sealedSecret ?? []) }, TOKEN);
    const take = () => store.transact((tx) => tx.tokens.take("hotp", "S1"));
    const all = await Promise.all(Array.from({ length: 20 }, take));
    assert.equal(all.filter(Boolean).length, 1);
    assert.equal(await store.read((view) => view.tokens.find("hotp", "S1")), undefined);
  });

  test("tokens are listed in pages, in order, and purged by method", async (t) => {
    const store = await opened(t, open);
    for (const serial of ["b", "a", "c"]) await add(store, { serial });
    await add(store, { method: "totp", serial: "a", period: 30 });
    const page = (after?: { method: string; serial: string }) =>
      store.read(async (view) =>
        (await view.tokens.page(after, 2)).map(({ method, serial }) => ({ method, serial })),
      );
    const first = await page();
    assert.deepEqual(
      first.map(({ serial }) => serial),
      ["a", "b"],
    );
    assert.deepEqual(await page(first[1]), [
      { method: "hotp", serial: "c" },
      { method: "totp", serial: "a" },
    ]);
    assert.equal(await store.transact((tx) => tx.tokens.purge("hotp")), 3);
    assert.equal((await page()).length, 1);
  });

  test("a token that somebody has is not kept a second time, with its old counter", async (t) => {
    const store = await opened(t, open);
    await enroll(store, hotp("1", "alice", "S1"));
    assert.deepEqual([await add(store), await add(store, { serial: "S2" })], [false, true]);
  });

  test("a user has several, each found by its serial number and removed by it", async (t) => {
    const store = await opened(t, open);
    for (const [id, serial] of [
      ["1", "S1"],
      ["2", "S2"],
      ["3", ""],
    ] as const) {
      await enroll(store, hotp(id, "alice", serial));
    }
    const all = () =>
      store.read(async (view) =>
        (await view.authenticators.all("alice", "hotp")).map(({ id }) => id),
      );
    assert.deepEqual(await all(), ["3", "1", "2"]);
    const find = (serial?: string) =>
      store.read((view) => view.authenticators.find("alice", "hotp", "active", serial));
    assert.deepEqual(
      [(await find("S2"))?.id, (await find(""))?.id, (await find())?.id],
      ["2", "3", "3"],
    );
    await store.transact((tx) => tx.authenticators.remove("alice", "hotp", undefined, "S1"));
    assert.deepEqual(await all(), ["3", "2"]);
  });

  test("what is replaced is the one of the same serial number alone", async (t) => {
    const store = await opened(t, open);
    await enroll(store, hotp("1", "alice", "S1"));
    await enroll(store, hotp("2", "alice", ""));
    await enroll(store, hotp("3", "alice", ""));
    const all = await store.read((view) => view.authenticators.all("alice", "hotp"));
    assert.deepEqual(
      all.map(({ id }) => id),
      ["3", "1"],
    );
  });

  test("one token is one user's: a second user's activation takes nothing from anybody", async (t) => {
    const store = await opened(t, open);
    await enroll(store, hotp("1", "alice", "S1"));
    await begin(store, hotp("2", "bob", "S1"));
    const activate = () => store.transact((tx) => tx.authenticators.activate("2", 1, 0, NOW));
    assert.equal(await activate(), false);
    const owner = () => store.read((view) => view.authenticators.ownerOf("hotp", "S1"));
    assert.equal(await owner(), "alice");
    await store.transact((tx) => tx.authenticators.remove("alice", "hotp"));
    assert.deepEqual([await owner(), await activate(), await owner()], [undefined, true, "bob"]);
  });

  test("what is judged elsewhere: by serial number, its counter forward only", async (t) => {
    const store = await opened(t, open);
    for (const user of ["alice", "bob"]) await addAccount(store, user);
    const key = { id: "k", user: "alice", method: "yubikey", serial: "cccc" };
    const addKey = (changes = {}) =>
      store.transact((tx) => tx.authenticators.addRemote({ ...key, ...changes }, NOW, 256));
    assert.deepEqual([await addKey(), await addKey({ id: "l", user: "bob" })], [true, false]);
    assert.equal(await addKey({ id: "m", serial: "dddd" }), true);
    const use = (counter?: number) =>
      store.transact((tx) => tx.authenticators.noteUse("k", NOW, counter));
    assert.deepEqual(
      [await use(256), await use(255), await use(257), await use(257)],
      [false, false, true, false],
    );
    const find = (serial?: string) =>
      store.read((view) => view.authenticators.findRemote("alice", "yubikey", serial));
    assert.deepEqual(
      [(await find("cccc"))?.id, (await find("dddd"))?.id, await find()],
      ["k", "m", undefined],
    );
  });

  test("what is kept of one that is judged elsewhere is found with it", async (t) => {
    const store = await opened(t, open);
    await addAccount(store, "alice");
    const sealedSecret = Buffer.from("sealed address");
    const sms = { id: "s", user: "alice", method: "message", sealedSecret };
    await store.transact((tx) => tx.authenticators.addRemote(sms, NOW));
    const found = await store.read((view) => view.authenticators.findRemote("alice", "message"));
    assert.deepEqual(Buffer.from(found?.sealedSecret ?? []), sealedSecret);
  });
}
