/** How often a challenge may be begun: counted by the statement that allows it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../../src/contracts/store.ts";
import { NOW, type OpenStore, opened } from "./opened.ts";

const LIMIT = { most: 3, within: 3_600_000 };
const OVER = NOW + LIMIT.within;

const take = (store: Store, key = "alice", at = NOW, method = "message") =>
  store.transact((tx) => tx.challengeStarts.take(key, method, at, LIMIT));

export function startsContract(open: OpenStore): void {
  test("no more than so many within the time, and each user's and method's own", async (t) => {
    const store = await opened(t, open);
    const taken = [await take(store), await take(store), await take(store)];
    assert.deepEqual(taken, [undefined, undefined, undefined]);
    assert.equal(await take(store, "alice", NOW + 1), OVER);
    assert.equal(await take(store, "alice", OVER - 1), OVER);
    assert.equal(await take(store, "bob"), undefined);
    assert.equal(await take(store, "alice", NOW, "other"), undefined);
  });

  test("one that is given back can be taken again, and no more than was taken", async (t) => {
    const store = await opened(t, open);
    const giveBack = () => store.transact((tx) => tx.challengeStarts.giveBack("alice", "message"));
    await giveBack();
    for (let n = 0; n < 4; n++) await take(store);
    await giveBack();
    assert.equal(await take(store), undefined);
    assert.equal(await take(store), OVER);
    for (let n = 0; n < 5; n++) await giveBack();
    for (let n = 0; n < 3; n++) assert.equal(await take(store), undefined);
    assert.equal(await take(store), OVER);
  });

  test("once the time is over it begins anew", async (t) => {
    const store = await opened(t, open);
    for (let n = 0; n < 4; n++) await take(store);
    for (let n = 0; n < 3; n++) assert.equal(await take(store, "alice", OVER), undefined);
    assert.equal(await take(store, "alice", OVER), OVER + LIMIT.within);
  });

  test("of a hundred at once, so many begin", async (t) => {
    const store = await opened(t, open);
    const all = await Promise.all(Array.from({ length: 100 }, () => take(store)));
    assert.equal(all.filter((each) => each === undefined).length, LIMIT.most);
  });

  test("a clock that was far ahead holds nobody; a little behind lets nobody begin anew", async (t) => {
    const store = await opened(t, open);
    for (let n = 0; n < 3; n++) await take(store, "alice", NOW + 86_400_000);
    assert.equal(await take(store), undefined);
    for (let n = 0; n < 3; n++) await take(store, "bob");
    assert.equal(await take(store, "bob", NOW - 1_000), OVER);
  });

  test("what is over is swept, and what is not stays", async (t) => {
    const store = await opened(t, open);
    for (let n = 0; n < 3; n++) await take(store);
    await store.transact((tx) => tx.challengeStarts.sweep(OVER - 1));
    assert.equal(await take(store), OVER);
    await store.transact((tx) => tx.challengeStarts.sweep(OVER));
    assert.equal(await take(store), undefined);
  });
}
