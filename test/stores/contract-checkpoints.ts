/** Signed places of the audit log, and archived events that leave it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptCheckpoint, Store } from "../../src/contracts/store.ts";
import { type AuditRecord, chain } from "../../src/core/audit-chain.ts";
import { NOW, type OpenStore, opened } from "./opened.ts";

const KEY = Buffer.alloc(32, 5);

async function logged(store: Store, events: number): Promise<AuditRecord[]> {
  return store.transact(async ({ audit }) => {
    const records: AuditRecord[] = [];
    for (let n = 0; n < events; n++) {
      const event = {
        ...({ at: NOW, action: "verify", user: "alice", verdict: "reject", reason: null } as const),
        ...{ method: null, service: null, rhost: null, tty: null, caller: "0:root", detail: null },
      };
      const record = chain(KEY, await audit.head(), event);
      await audit.append(record);
      records.push(record);
    }
    return records;
  });
}

function at(sequence: number, kind: KeptCheckpoint["kind"], text = "signed"): KeptCheckpoint {
  return { sequence, kind, at: NOW + sequence, text };
}

export function checkpointsContract(open: OpenStore): void {
  test("checkpoints are kept by place and kind, the last of a place alone", async (t) => {
    const store = await opened(t, open);
    await logged(store, 3);
    const last = () => store.read((view) => view.checkpoints.last("head"));
    assert.equal(await last(), undefined);
    for (const each of [at(2, "head"), at(1, "head"), at(2, "head", "again")]) {
      await store.transact((tx) => tx.checkpoints.keep(each));
    }
    assert.deepEqual(await last(), at(2, "head", "again"));
    assert.deepEqual(await store.read((view) => view.checkpoints.list()), [
      at(1, "head"),
      at(2, "head", "again"),
    ]);
    assert.equal(await store.read((view) => view.checkpoints.last("archive")), undefined);
  });

  test("an archive is noted where it goes on, of what is there, and not of the last", async (t) => {
    const store = await opened(t, open);
    const records = await logged(store, 6);
    const note = (sequence: number, first: number, hash = records[sequence - 1]?.hash ?? "") =>
      store.transact((tx) => tx.checkpoints.keepArchive(at(sequence, "archive"), first, hash));
    await store.transact((tx) => tx.checkpoints.keep(at(2, "head")));
    assert.equal(await note(3, 2), false, "not from the first");
    assert.equal(await note(3, 1, "0".repeat(64)), false, "of another event");
    assert.equal(await note(6, 1), false, "the last");
    assert.equal(await note(9, 1), false, "what is not there");
    assert.equal(await note(3, 1), true);
    assert.equal(await note(3, 1), false, "once");
    assert.equal(await note(5, 3), false, "twice the same event");
    assert.equal(await note(5, 5), false, "with a gap");
    assert.deepEqual(await store.read((view) => view.checkpoints.list()), [at(3, "archive")]);
    assert.equal(await note(5, 4), true);
  });

  test("what is archived alone is removed, the oldest first", async (t) => {
    const store = await opened(t, open);
    const records = await logged(store, 6);
    const remove = (limit: number) => store.transact((tx) => tx.checkpoints.removeArchived(limit));
    const left = () =>
      store.read(async ({ audit }) => (await audit.page(0, 9)).map(({ sequence }) => sequence));
    assert.equal(await remove(9), 0);
    await store.transact((tx) =>
      tx.checkpoints.keepArchive(at(4, "archive"), 1, records[3]?.hash ?? ""),
    );
    assert.equal(await remove(3), 3);
    assert.deepEqual(await left(), [4, 5, 6]);
    const beginning = await store.read((view) => view.audit.beginning());
    assert.deepEqual(beginning, { sequence: 3, hash: records[2]?.hash });
    assert.equal(await remove(9), 1);
    assert.equal(await remove(9), 0);
    assert.deepEqual(await left(), [5, 6]);
    const [next] = await logged(store, 1);
    assert.deepEqual([next?.sequence, next?.previousHash], [7, records[5]?.hash]);
  });
}
