/** Authenticators: begun, activated, and each time step spent at most once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Store } from "../../src/contracts/store.ts";
import { begin, enroll, LATER, NOW, newAuthenticator, type OpenStore, opened } from "./opened.ts";

const find = (store: Store, user: string, status: "active" | "pending") =>
  store.read((view) => view.authenticators.find(user, "totp", status));

const activate = (store: Store, id: string, at = NOW) =>
  store.transact((tx) => tx.authenticators.activate(id, 100, 1, at));

export function authenticatorsContract(open: OpenStore): void {
  test("what was begun is found as it was given, and is not active", async (t) => {
    const store = await opened(t, open);
    const given = newAuthenticator("1", "alice", {
      ...{ algorithm: "sha512", digits: 8, period: 60, invitation: "i" },
    });
    await begin(store, given);
    const { createdAt: _, sealedSecret, ...rest } = given;
    const { sealedSecret: kept, ...found } = (await find(store, "alice", "pending")) ?? {};
    assert.deepEqual(found, {
      ...rest,
      ...{ status: "pending", serial: "", drift: 0, skew: 0, lastCounter: -1 },
      ...{ enrolledAt: undefined, lastUsedAt: undefined },
    });
    assert.deepEqual(Buffer.from(kept ?? []), sealedSecret);
    assert.equal(await find(store, "alice", "active"), undefined);
    assert.equal(await find(store, "Alice", "pending"), undefined);
  });

  test("beginning again replaces what was begun, and that cannot be activated", async (t) => {
    const store = await opened(t, open);
    await begin(store, newAuthenticator("1", "alice"));
    await begin(store, newAuthenticator("2", "alice"));
    assert.equal((await find(store, "alice", "pending"))?.id, "2");
    assert.equal(await activate(store, "1"), false);
    assert.equal(await activate(store, "2"), true);
  });

  test("activating spends the step of the set-up code, once", async (t) => {
    const store = await opened(t, open);
    await begin(store, newAuthenticator("1", "alice"));
    assert.equal(await activate(store, "1", NOW + 7), true);
    assert.equal(await activate(store, "1", NOW + 8), false);
    const active = await find(store, "alice", "active");
    assert.deepEqual([active?.lastCounter, active?.drift], [100, 1]);
    assert.deepEqual([active?.enrolledAt, active?.expiresAt], [NOW + 7, undefined]);
    assert.equal(await find(store, "alice", "pending"), undefined);
    const spend = (step: number) =>
      store.transact((tx) => tx.authenticators.spend("1", step, 0, NOW));
    assert.deepEqual([await spend(100), await spend(101)], [false, true]);
  });

  test("the active one stays until the one that replaces it is activated", async (t) => {
    const store = await opened(t, open);
    await enroll(store, newAuthenticator("1", "alice"));
    await begin(store, newAuthenticator("2", "alice"));
    assert.equal((await find(store, "alice", "active"))?.id, "1");
    assert.equal(await activate(store, "2", LATER), false, "too late");
    assert.equal((await find(store, "alice", "active"))?.id, "1");
    assert.equal(await activate(store, "2", LATER - 1), true);
    assert.equal((await find(store, "alice", "active"))?.id, "2");
    const spentOld = await store.transact((tx) => tx.authenticators.spend("1", 1_000, 0, NOW));
    assert.equal(spentOld, false);
  });

  test("activating one leaves other users' and other methods' alone", async (t) => {
    const store = await opened(t, open);
    await enroll(store, newAuthenticator("1", "alice"));
    await enroll(store, newAuthenticator("2", "alice", { method: "hotp" }));
    await enroll(store, newAuthenticator("3", "bob"));
    await begin(store, newAuthenticator("4", "alice"));
    assert.equal(await activate(store, "4"), true);
    assert.equal((await find(store, "bob", "active"))?.id, "3");
    const hotp = await store.read((view) => view.authenticators.find("alice", "hotp", "active"));
    assert.equal(hotp?.id, "2");
  });

  test("a time step is spent when it is later than every one before, and not otherwise", async (t) => {
    const store = await opened(t, open);
    let next = 0;
    const steps = fc.array(fc.integer({ min: 90, max: 120 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(steps, async (tried) => {
        const id = `${next++}`;
        await enroll(store, newAuthenticator(id, `user ${id}`));
        let last = 100;
        await store.transact(async (tx) => {
          for (const step of tried) {
            const spent = await tx.authenticators.spend(id, step, step % 3, NOW + step);
            assert.equal(spent, step > last);
            if (!spent) continue;
            last = step;
            const found = await tx.authenticators.find(`user ${id}`, "totp", "active");
            assert.deepEqual(
              [found?.lastCounter, found?.drift, found?.lastUsedAt],
              [step, step % 3, NOW + step],
            );
          }
        });
      }),
    );
  });

  test("a device that was found again goes forward alone, with the skew of its clock", async (t) => {
    const store = await opened(t, open);
    await begin(store, newAuthenticator("1", "alice", { skew: 7 }));
    const resync = (counter: number, skew: number) =>
      store.transact((tx) => tx.authenticators.resynchronize("1", counter, skew, NOW + 9));
    assert.equal(await resync(200, 3), false, "it is not active yet");
    await activate(store, "1");
    assert.equal((await find(store, "alice", "active"))?.skew, 7);
    assert.deepEqual([await resync(99, 3), await resync(100, 3)], [false, false]);
    const all = await Promise.all(Array.from({ length: 20 }, () => resync(180, -3)));
    assert.equal(all.filter(Boolean).length, 1);
    const found = await find(store, "alice", "active");
    assert.deepEqual(
      [found?.lastCounter, found?.skew, found?.drift, found?.lastUsedAt],
      [180, -3, 0, NOW + 9],
    );
  });

  test("a pending one has no step to spend, nor has one that is not there", async (t) => {
    const store = await opened(t, open);
    await begin(store, newAuthenticator("1", "alice"));
    for (const id of ["1", "2", ""]) {
      const spent = await store.transact((tx) => tx.authenticators.spend(id, 200, 0, NOW));
      assert.equal(spent, false);
    }
  });

  test("one time step asked for a hundred times at once is spent once", async (t) => {
    const store = await opened(t, open);
    await enroll(store, newAuthenticator("1", "alice"));
    const spent = await Promise.all(
      Array.from({ length: 100 }, () =>
        store.transact((tx) => tx.authenticators.spend("1", 200, 0, NOW)),
      ),
    );
    assert.equal(spent.filter(Boolean).length, 1);
  });

  test("removing takes the one method, the pending alone, or all, and nobody else's", async (t) => {
    const store = await opened(t, open);
    await enroll(store, newAuthenticator("1", "alice"));
    await begin(store, newAuthenticator("2", "alice"));
    await enroll(store, newAuthenticator("3", "alice", { method: "hotp" }));
    await enroll(store, newAuthenticator("4", "bob"));
    const remove = (method?: string, status?: "pending") =>
      store.transact((tx) => tx.authenticators.remove("alice", method, status));
    assert.equal(await remove("yubikey"), 0);
    assert.equal(await remove("totp", "pending"), 1);
    assert.equal((await find(store, "alice", "active"))?.id, "1");
    assert.equal(await remove("totp"), 1);
    assert.deepEqual([await remove(), await remove()], [1, 0]);
    assert.equal((await find(store, "bob", "active"))?.id, "4");
  });
}
