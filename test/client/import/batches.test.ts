import assert from "node:assert/strict";
import { test } from "node:test";
import { batchesOf } from "../../../src/client/import/batches.ts";
import { sentForm } from "../../../src/client/import/sent-form.ts";
import { LINE_MAX } from "../../../src/protocol/lines.ts";
import { encodeOpening } from "../../../src/protocol/messages.ts";
import { entry } from "../../engine/arrivals.ts";

test("entries of every size go in lines that the daemon reads, in their order", () => {
  const id = "0123456789abcdef".repeat(2);
  const codes = Array.from({ length: 100 }, (_, n) => `${10_000_000 + n}`);
  const entries = Array.from({ length: 500 }, (_, n) =>
    entry("ß".repeat(1 + ((n * 37) % 128)), {
      place: `line ${n}`,
      secret: Buffer.alloc(1 + (n % 128), 0xff),
      ...(n % 7 === 0 ? { scratchCodes: codes, serial: `"${"\u4e00".repeat(60)}`, skew: -n } : {}),
    }),
  );
  const batches = [...batchesOf(entries)];
  assert.deepEqual(batches.flat(), entries);
  assert.ok(batches.some(({ length }) => length > 5));
  for (const batch of batches) {
    const argument = JSON.stringify({ id, entries: batch.map(sentForm) });
    const line = encodeOpening({ kind: "call", name: "stageImport", argument });
    assert.ok(line.length <= LINE_MAX, `${line.length}`);
  }
});
