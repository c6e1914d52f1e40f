/** The audit log: added to at its end alone, and read in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditFilter, Store } from "../../src/contracts/store.ts";
import { type AuditEvent, type AuditRecord, chain } from "../../src/core/audit-chain.ts";
import { EMPTY_HEAD } from "../../src/core/audit-head.ts";
import { Fault } from "../../src/core/fault.ts";
import { NOW, type OpenStore, opened } from "./opened.ts";

const KEY = Buffer.alloc(32, 5);
const HOUR = 3_600_000;

function event(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    ...{ at: NOW, action: "verify", user: "alice", verdict: "reject", reason: "wrong-code" },
    ...{
      method: "totp",
      service: "sshd",
      rhost: "::1",
      tty: "ssh",
      caller: "0:root",
      detail: null,
    },
    ...changes,
  };
}

function add(store: Store, happening: AuditEvent): Promise<AuditRecord> {
  return store.transact(async ({ audit }) => {
    const record = chain(KEY, await audit.head(), happening);
    await audit.append(record);
    return record;
  });
}

export function auditContract(open: OpenStore): void {
  test("an empty log has the empty head", async (t) => {
    const store = await opened(t, open);
    assert.deepEqual(await store.read((view) => view.audit.head()), EMPTY_HEAD);
    assert.deepEqual(await store.read((view) => view.audit.page(0, 10)), []);
    assert.deepEqual(await store.read((view) => view.audit.tail(10)), []);
  });

  test("a record comes back as it was written, field by field", async (t) => {
    const store = await opened(t, open);
    const bare = { user: null, verdict: null, reason: null, method: null };
    const events = [
      event(),
      event({ ...bare, service: null, rhost: null, tty: null, detail: "issuer" }),
      event({ user: 'O\'Brien "用户" 🧑', detail: "" }),
    ];
    for (const happening of events) {
      const record = await add(store, happening);
      assert.deepEqual((await store.read((view) => view.audit.tail(1)))[0], record);
      const { sequence, hash } = record;
      assert.deepEqual(await store.read((view) => view.audit.head()), { sequence, hash });
    }
  });

  test("each part of a filter holds, and all of them together", async (t) => {
    const store = await opened(t, open);
    const other = {
      ...{
        at: NOW + 2,
        user: "bob",
        verdict: "accept" as const,
        reason: null,
        method: "backup-code",
      },
      ...{ service: "sudo", rhost: "192.0.2.1" },
    } as const;
    await add(store, event());
    await add(store, event({ at: NOW + 1, action: "reset", verdict: null }));
    await add(store, event(other));
    const found = async (filter: AuditFilter) => {
      const page = await store.read((view) => view.audit.page(0, 10, filter));
      assert.deepEqual(await store.read((view) => view.audit.tail(10, filter)), page);
      return page.map(({ sequence }) => sequence);
    };
    const { at: _, reason: __, ...texts } = other;
    for (const [name, value] of Object.entries(texts)) {
      assert.deepEqual(await found({ [name]: value }), [3], name);
      assert.deepEqual(await found({ [name]: `${value} ` }), [], name);
    }
    assert.deepEqual(await found({ action: "reset" }), [2]);
    assert.deepEqual(await found({ since: NOW + 1 }), [2, 3]);
    assert.deepEqual(await found({ until: NOW + 1 }), [1]);
    assert.deepEqual(await found({ since: NOW + 1, until: NOW + 2, user: "alice" }), [2]);
    assert.deepEqual(await found({ after: 1, upTo: 2 }), [2]);
    assert.deepEqual(await found({ after: 3 }), []);
    assert.deepEqual(await found({ ...texts, user: "alice" }), []);
    assert.deepEqual(await found({ user: undefined, service: "sshd" }), [1, 2]);
    assert.deepEqual(await found({ service: "sshd' OR 1" }), []);
  });

  test("what does not follow the head is refused", async (t) => {
    const store = await opened(t, open);
    const first = await add(store, event());
    const second = await add(store, event());
    const next = chain(KEY, second, event());
    const wrong: Readonly<Record<string, AuditRecord>> = {
      "the same again": second,
      "behind the first": chain(KEY, first, event()),
      "from the beginning": chain(KEY, EMPTY_HEAD, event()),
      "with a gap": chain(KEY, next, event()),
      "with another past": { ...next, previousHash: first.hash },
    };
    for (const [what, record] of Object.entries(wrong)) {
      await assert.rejects(
        store.transact((tx) => tx.audit.append(record)),
        Fault,
        what,
      );
    }
    assert.equal((await store.read((view) => view.audit.head())).sequence, 2);
    await store.transact((tx) => tx.audit.append(next));
  });

  test("a hundred events at once make one chain", async (t) => {
    const store = await opened(t, open);
    await Promise.all(Array.from({ length: 100 }, () => add(store, event())));
    const records = await store.read((view) => view.audit.page(0, 200));
    assert.equal(records.length, 100);
    for (const [index, record] of records.entries()) {
      assert.equal(record.sequence, index + 1);
      assert.equal(record.previousHash, records[index - 1]?.hash ?? EMPTY_HEAD.hash);
    }
  });

  test("pages and the tail hold what passes the filter, in order", async (t) => {
    const store = await opened(t, open);
    for (let n = 0; n < 12; n++) {
      await add(store, event({ at: NOW + n, user: n % 3 === 0 ? "bob" : "alice" }));
    }
    const page = (after: number, limit: number, filter?: AuditFilter) =>
      store.read(async ({ audit }) => sequences(await audit.page(after, limit, filter)));
    const tail = (limit: number, filter?: AuditFilter) =>
      store.read(async ({ audit }) => sequences(await audit.tail(limit, filter)));
    assert.deepEqual(await page(0, 3), [1, 2, 3]);
    assert.deepEqual(await page(10, 5), [11, 12]);
    assert.deepEqual(await page(12, 5), []);
    assert.deepEqual(await page(1, 2, { user: "bob" }), [4, 7]);
    assert.deepEqual(await page(0, 9, { since: NOW + 9 }), [10, 11, 12]);
    assert.deepEqual(await page(0, 9, { user: "bob", since: NOW + 1 }), [4, 7, 10]);
    assert.deepEqual(await tail(2), [11, 12]);
    assert.deepEqual(await tail(2, { user: "bob" }), [7, 10]);
    assert.deepEqual(await tail(50, { user: "nobody" }), []);
  });

  test("the tally counts verifications alone, by hour and verdict", async (t) => {
    const store = await opened(t, open);
    for (const at of [NOW - 1, NOW, NOW + 1, NOW + HOUR - 1, NOW + HOUR]) {
      await add(store, event({ at }));
    }
    await add(store, event({ at: NOW + HOUR, verdict: "accept", reason: null }));
    await add(store, event({ at: NOW + HOUR, action: "enroll-confirm", verdict: "accept" }));
    await add(store, event({ at: NOW + HOUR, action: "user-disable", verdict: null }));
    const tally = await store.read((view) => view.audit.tally(NOW));
    assert.deepEqual(tally, [
      { hour: NOW, verdict: "reject", count: 3 },
      { hour: NOW + HOUR, verdict: "accept", count: 1 },
      { hour: NOW + HOUR, verdict: "reject", count: 1 },
    ]);
  });
}

function sequences(records: readonly AuditRecord[]): number[] {
  return records.map(({ sequence }) => sequence);
}
