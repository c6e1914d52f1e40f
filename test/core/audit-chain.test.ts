/** The chain shows every event that was altered, removed, inserted, reordered or cut off. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  AUDIT_ACTIONS,
  type AuditEvent,
  type AuditRecord,
  breakAt,
  ChainReader,
  chain,
} from "../../src/core/audit-chain.ts";
import { type AuditHead, EMPTY_HEAD, formatHead, parseHead } from "../../src/core/audit-head.ts";
import { VERDICTS } from "../../src/core/verdict.ts";

const KEY = Buffer.alloc(32, 3);

const field = fc.option(fc.string({ unit: "grapheme", maxLength: 12 }));
const events: fc.Arbitrary<AuditEvent> = fc.record({
  at: fc.nat(),
  action: fc.constantFrom(...AUDIT_ACTIONS),
  user: field,
  verdict: fc.option(fc.constantFrom(...VERDICTS)),
  reason: fc.option(fc.constantFrom("wrong-code" as const, "replayed" as const)),
  method: field,
  service: field,
  rhost: field,
  tty: field,
  caller: fc.string(),
  detail: field,
});
const logs = fc.array(events, { minLength: 2, maxLength: 8 }).map((each) => chained(KEY, each));

function chained(key: Uint8Array, log: readonly AuditEvent[]): AuditRecord[] {
  let head = EMPTY_HEAD;
  return log.map((event) => {
    const record = chain(key, head, event);
    head = record;
    return record;
  });
}

/** What an audit finds first in the log, with the place it finds it at. */
function firstBreak(log: readonly AuditRecord[], key: Uint8Array = KEY) {
  let head: AuditHead = EMPTY_HEAD;
  for (const record of log) {
    const fault = breakAt(key, head, record);
    if (fault) return { fault, after: head.sequence };
    head = record;
  }
  return undefined;
}

const place = (log: readonly unknown[], at: number) => at % log.length;

test("a log that nobody touched holds, and counts from 1", () => {
  fc.assert(
    fc.property(logs, (log) => {
      assert.equal(firstBreak(log), undefined);
      assert.deepEqual(
        log.map(({ sequence }) => sequence),
        log.map((_, index) => index + 1),
      );
    }),
  );
});

test("a change in any field shows at its event", () => {
  fc.assert(
    fc.property(logs, fc.nat(), events, (log, at, other) => {
      const index = place(log, at);
      const original = log[index];
      assert.ok(original);
      for (const name of Object.keys(other) as (keyof AuditEvent)[]) {
        if (original[name] === other[name]) continue;
        const altered = log.with(index, { ...original, [name]: other[name] });
        assert.deepEqual(firstBreak(altered), { fault: "altered", after: index }, name);
      }
    }),
  );
});

test("a value cannot move into the field beside it", () => {
  const event: AuditEvent = {
    ...{ at: 0, action: "verify", verdict: null, reason: null, method: null, detail: null },
    ...{ user: 'a","b', service: "b", rhost: null, tty: "c", caller: "0:root" },
  };
  const [record] = chained(KEY, [event]);
  assert.ok(record);
  for (const moved of [
    { service: null, rhost: "b" },
    { rhost: "c", tty: null },
    { user: "a", service: 'b","b' },
    { service: "", rhost: "b" },
    { user: null },
    { tty: "null" },
  ]) {
    assert.deepEqual(firstBreak([{ ...record, ...moved }]), { fault: "altered", after: 0 });
  }
});

test("an event that was removed shows, wherever it stood but at the end", () => {
  fc.assert(
    fc.property(logs, fc.nat(), (log, at) => {
      const index = place(log.slice(1), at);
      assert.deepEqual(firstBreak(log.toSpliced(index, 1)), { fault: "missing", after: index });
    }),
  );
});

test("a removal that renumbers what follows shows as well", () => {
  fc.assert(
    fc.property(logs, (log) => {
      const [, ...rest] = log;
      const renumbered = rest.map((record) => ({ ...record, sequence: record.sequence - 1 }));
      assert.deepEqual(firstBreak(renumbered), { fault: "reordered", after: 0 });
    }),
  );
});

test("an event that was inserted without the key shows", () => {
  fc.assert(
    fc.property(logs, fc.nat(), events, (log, at, event) => {
      const index = place(log, at);
      const head = log[index - 1] ?? EMPTY_HEAD;
      const forged = chain(Buffer.alloc(32), head, event);
      assert.deepEqual(firstBreak(log.toSpliced(index, 0, forged)), {
        fault: "altered",
        after: index,
      });
    }),
  );
});

test("events that changed places, or stand twice, show", () => {
  fc.assert(
    fc.property(logs, fc.nat(), (log, at) => {
      const index = place(log.slice(1), at);
      const [first, second] = log.slice(index, index + 2);
      assert.ok(first && second);
      assert.ok(firstBreak(log.with(index, second).with(index + 1, first)));
      assert.equal(firstBreak(log.toSpliced(index, 0, first))?.fault, "reordered");
    }),
  );
});

test("a reader of many finds what is found of one, whatever they hold", () => {
  const reader = new ChainReader(KEY);
  const long = fc.string({ unit: "binary", minLength: 2000, maxLength: 3000 });
  fc.assert(
    fc.property(logs, fc.nat(), fc.oneof(field, long), (log, at, detail) => {
      const told = chained(KEY, [...log.map((each) => ({ ...each, detail }))]);
      const index = place(told, at);
      const altered = told.map((each, n) => (n === index ? { ...each, at: each.at + 1 } : each));
      for (const [n, record] of altered.entries()) {
        const head = altered[n - 1] ?? EMPTY_HEAD;
        assert.equal(reader.breakAt(head, record), breakAt(KEY, head, record));
      }
    }),
  );
  reader.close();
});

test("under another key no chain holds", () => {
  fc.assert(fc.property(logs, (log) => assert.ok(firstBreak(log, Buffer.alloc(32, 4)))));
});

test("the hash is an HMAC over the fields in their order: a later release reads today's log", () => {
  const event: AuditEvent = {
    ...{ at: 1, action: "verify", user: "u", verdict: "reject", reason: "replayed" },
    ...{ method: "totp", service: "s", rhost: "r", tty: "t", caller: "0:root", detail: null },
  };
  const fields = [1, EMPTY_HEAD.hash, ...[1, "verify", "u", "reject", "replayed"]];
  const form = JSON.stringify([...fields, "totp", "s", "r", "t", "0:root", null]);
  const [record] = chained(KEY, [event]);
  assert.equal(record?.hash, createHmac("sha256", KEY).update(form).digest("hex"));
});

test("a head is read back as it was printed, and nothing else is one", () => {
  fc.assert(
    fc.property(logs, (log) => {
      const head = log.at(-1);
      assert.ok(head);
      assert.deepEqual(parseHead(` ${formatHead(head)}\n`), {
        sequence: head.sequence,
        hash: head.hash,
      });
    }),
  );
  const hash = "0".repeat(64);
  assert.deepEqual(parseHead(formatHead(EMPTY_HEAD)), EMPTY_HEAD);
  const wrong = ["", "1", `01:${hash}`, `-1:${hash}`, `1:${hash}0`, `1:${hash.slice(1)}`];
  for (const text of [...wrong, `1 :${hash}`, `1:${"A".repeat(64)}`, `${"9".repeat(16)}:${hash}`]) {
    assert.equal(parseHead(text), undefined, text);
  }
});
