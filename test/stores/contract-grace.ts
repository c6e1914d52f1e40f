/** Grace tickets: the conditional statement, the lists, and with what a ticket ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GraceClaim, GraceTicket, Store, Transaction } from "../../src/contracts/store.ts";
import { enroll, LATER, NOW, newAuthenticator, type OpenStore, opened } from "./opened.ts";

const PLACE = { tty: "pts/1", rhost: "", ruser: "alice", session: "s" };
const TICKET: GraceTicket = {
  ...{ user: "alice", ...PLACE, service: "sudo", method: "totp", uptime: 100 },
  ...{ createdAt: NOW, expiresAt: NOW + 50, seal: Buffer.of(1, 2) },
};
const CLAIM: GraceClaim = {
  ...{ user: "alice", ...PLACE, now: NOW + 1, uptime: 101, grace: 50, methods: ["totp", "x"] },
};
const AT = { now: NOW, uptime: 100 };

const add = (store: Store, changes: Partial<GraceTicket> = {}, most = 9) =>
  store.transact((tx) => tx.graceTickets.add({ ...TICKET, ...changes }, most));
const use = (store: Store, changes: Partial<GraceClaim> = {}) =>
  store.transact(async (tx) => (await tx.graceTickets.use({ ...CLAIM, ...changes })) !== undefined);
const listed = async (store: Store, user?: string) =>
  (await store.read((view) => view.graceTickets.page({ user, ...AT }, undefined, 99))).map(
    (each) => `${each.user} ${each.tty}`,
  );

export function graceContract(open: OpenStore): void {
  const begun = async (t: Parameters<typeof opened>[0], ...users: string[]) => {
    const store = await opened(t, open);
    for (const user of ["alice", ...users]) await enroll(store, newAuthenticator(user, user));
    return store;
  };

  test("a ticket is found by all of its place, while it lasts by both clocks", async (t) => {
    const store = await begun(t);
    await add(store);
    const found = await store.transact((tx) => tx.graceTickets.use(CLAIM));
    assert.deepEqual({ ...found, seal: Buffer.from(found?.seal ?? []) }, TICKET);
    for (const changes of [
      { user: "Alice" },
      { tty: "pts/2" },
      { rhost: "h" },
      { ruser: "" },
      { session: "S" },
      { methods: ["x"] },
      { methods: [] },
      { now: NOW - 1 },
      { now: NOW + 50 },
      { uptime: 99 },
      { uptime: 150 },
      { grace: 1 },
    ]) {
      assert.equal(await use(store, changes), false, JSON.stringify(changes));
    }
    assert.equal(await use(store, { now: NOW + 49, uptime: 149 }), true);
  });

  test("one place has one ticket, and a user no more than so many", async (t) => {
    const store = await begun(t, "bob");
    await add(store, { user: "bob" });
    await add(store);
    await add(store, { expiresAt: NOW + 90, method: "x" });
    assert.deepEqual(await listed(store), ["alice pts/1", "bob pts/1"]);
    assert.equal(await use(store, { now: NOW + 60, grace: 99 }), true);
    for (const n of [2, 3])
      await add(store, { tty: `pts/${n}`, createdAt: NOW + n, uptime: 100 + n }, 2);
    const at = { now: NOW + 9, uptime: 109 };
    const left = await store.read((view) =>
      view.graceTickets.page({ user: undefined, ...at }, undefined, 99),
    );
    assert.deepEqual(
      left.map(({ user, tty }) => `${user} ${tty}`),
      [...["alice pts/2", "alice pts/3", "bob pts/1"]],
    );
  });

  test("they are listed a page at a time, and ended for one user or all", async (t) => {
    const store = await begun(t, "bob");
    for (const user of ["bob", "alice"]) {
      for (const tty of ["b", "a"]) await add(store, { user, tty });
    }
    const page = (after: GraceTicket | undefined) =>
      store.read((view) => view.graceTickets.page({ user: undefined, ...AT }, after, 3));
    const first = await page(undefined);
    const second = await page(first.at(-1));
    assert.deepEqual(
      [...first, ...second].map(({ user, tty }) => user + tty),
      ["alicea", "aliceb", "boba", "bobb"],
    );
    const end = (user?: string) => store.transact((tx) => tx.graceTickets.end(user, AT));
    assert.deepEqual([await end("bob"), await end("bob")], [2, 0]);
    assert.deepEqual(await listed(store), ["alice a", "alice b"]);
    assert.deepEqual([await end(), await listed(store)], [2, []]);
  });

  const ends: Readonly<Record<string, (tx: Transaction) => Promise<unknown>>> = {
    "its authenticator": (tx) => tx.authenticators.remove("alice"),
    "one of another method": (tx) => tx.authenticators.remove("alice", "duo-push"),
    "the method": (tx) => tx.authenticators.purge("totp"),
    "a second authenticator": (tx) =>
      tx.authenticators.addRemote({ id: "r", user: "alice", method: "duo-push" }, NOW),
    "a replaced one": async (tx) => {
      await tx.authenticators.begin(newAuthenticator("2", "alice"));
      assert.equal(await tx.authenticators.activate("2", 1, 0, LATER - 1), true);
    },
    "the account": (tx) => tx.accounts.disable("alice", NOW),
    "the alias": (tx) => tx.accounts.setAlias("alice", "a"),
  };
  test("a ticket ends with what it stands on, and no other user's does", async (t) => {
    for (const [what, end] of Object.entries(ends)) {
      const store = await begun(t, "bob");
      if (what !== "the method") await add(store, { user: "bob" });
      await add(store);
      await store.transact(end);
      assert.deepEqual(await listed(store, "alice"), [], what);
      assert.equal((await listed(store)).length, what === "the method" ? 0 : 1, what);
    }
  });

  test("what is begun or called off ends none; a set of backup codes its own", async (t) => {
    const store = await begun(t);
    await add(store);
    await add(store, { tty: "code", method: "backup-code" });
    await store.transact(async (tx) => {
      await tx.authenticators.begin(newAuthenticator("2", "alice"));
      await tx.authenticators.remove("alice", undefined, "pending");
    });
    assert.deepEqual(await listed(store), ["alice code", "alice pts/1"]);
    await store.transact((tx) => tx.backupCodes.revoke("alice"));
    assert.deepEqual(await listed(store), ["alice pts/1"]);
    await add(store, { tty: "code", method: "backup-code" });
    await store.transact((tx) => tx.backupCodes.purge("all"));
    assert.deepEqual(await listed(store), ["alice pts/1"]);
  });
}
