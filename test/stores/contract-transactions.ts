/** All or nothing, one after the other, and nobody is undone by a neighbour's failure. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transaction } from "../../src/contracts/store.ts";
import { Fault } from "../../src/core/fault.ts";
import { NOW, type OpenStore, opened } from "./opened.ts";

const value = (text: string): Uint8Array => Buffer.from(text);

async function setThen(tx: Transaction, name: string, error: Error): Promise<void> {
  await tx.facts.setOnce(name, value("x"));
  throw error;
}

export function transactionsContract(open: OpenStore): void {
  test("a fact is set once, and kept as it was", async (t) => {
    const store = await opened(t, open);
    const set = (text: string) => store.transact((tx) => tx.facts.setOnce("f", value(text)));
    assert.deepEqual([await set("first"), await set("second")], [true, false]);
    const kept = await store.read((view) => view.facts.get("f"));
    assert.equal(Buffer.from(kept ?? []).toString(), "first");
    assert.equal(await store.read((view) => view.facts.get("other")), undefined);
  });

  test("work that throws leaves nothing, and passes its fault on", async (t) => {
    const store = await opened(t, open);
    const fault = new Fault("refused", "no");
    await assert.rejects(
      store.transact((tx) => setThen(tx, "f", fault)),
      (error) => error === fault,
    );
    await assert.rejects(
      store.transact((tx) => setThen(tx, "f", new Error("broken"))),
      Fault,
    );
    assert.equal(await store.read((view) => view.facts.get("f")), undefined);
    assert.ok(await store.transact((tx) => tx.facts.setOnce("f", value("x"))));
  });

  test("of works that are asked for at once, only the failing ones leave nothing", async (t) => {
    const store = await opened(t, open);
    const names = Array.from({ length: 200 }, (_, index) => `${index}`);
    const works = names.map((name, index) =>
      index % 3 === 0
        ? store.transact((tx) => setThen(tx, name, new Fault("refused", "no")))
        : store.transact((tx) => tx.facts.setOnce(name, value(name))),
    );
    const ended = await Promise.allSettled(works);
    for (const [index, name] of names.entries()) {
      const fails = index % 3 === 0;
      assert.equal(ended[index]?.status, fails ? "rejected" : "fulfilled");
      const kept = await store.read((view) => view.facts.get(name));
      assert.equal(kept === undefined, fails, `work ${name}`);
    }
  });

  test("no work sees another's half", async (t) => {
    const store = await opened(t, open);
    const bothOrNone = async (view: Transaction): Promise<boolean> => {
      const [a, b] = [await view.facts.get("a"), await view.facts.get("b")];
      return (a === undefined) === (b === undefined);
    };
    const write = store.transact(async (tx) => {
      await tx.facts.setOnce("a", value("1"));
      await Promise.resolve();
      await tx.facts.setOnce("b", value("1"));
    });
    const looks = Array.from({ length: 20 }, () => store.read(bothOrNone));
    assert.ok((await Promise.all(looks)).every(Boolean));
    await write;
  });

  test("what was asked for later sees what was asked for before", async (t) => {
    const store = await opened(t, open);
    const first = store.transact((tx) => tx.facts.setOnce("f", value("1")));
    const second = store.read((view) => view.facts.get("f"));
    assert.deepEqual([await first, (await second) !== undefined], [true, true]);
  });

  test("nothing can be changed in a read, and afterwards it can again", async (t) => {
    const store = await opened(t, open);
    const changes: ((view: Transaction) => Promise<unknown>)[] = [
      (view) => view.facts.setOnce("f", value("x")),
      (view) => view.accounts.ensure("alice", "alice", NOW),
      (view) => view.attempts.clear("alice"),
      (view) => view.backupCodes.revoke("alice"),
      (view) => view.authenticators.remove("alice"),
    ];
    for (const change of changes) await assert.rejects(store.read(change), Fault);
    assert.equal(await store.read((view) => view.accounts.find("alice")), undefined);
    assert.ok(await store.transact((tx) => tx.facts.setOnce("f", value("x"))));
  });

  test("closing lets what was asked for end, and what comes after fails", async () => {
    const store = await open();
    const asked = store.transact((tx) => tx.facts.setOnce("f", value("x")));
    await store.close();
    assert.equal(await asked, true);
    await assert.rejects(
      store.read((view) => view.facts.get("f")),
      Fault,
    );
  });
}
