/** Names from a stream: whatever the pieces it comes in, and whatever is in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nameLines } from "../../src/terminal/name-lines.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: string | Uint8Array, size = 7, longest = 20) {
  const lines = await Array.fromAsync(nameLines(inPieces(Buffer.from(bytes), size), longest));
  return lines.map(({ number, name }) => [number, name]);
}

test("lines with their numbers, trimmed; empty ones are skipped", async () => {
  assert.deepEqual(await read("alice\n\n  bob \r\n\t\ncarol"), [
    [1, "alice"],
    [3, "bob"],
    [5, "carol"],
  ]);
  assert.deepEqual(await read(""), []);
  assert.deepEqual(await read("\n\n"), []);
});

test("of a line that is too long or not UTF-8 nothing is taken", async () => {
  const bytes = Buffer.concat([
    Buffer.from(`${"a".repeat(21)}\n${"b".repeat(20)}\n`),
    Buffer.of(0xff, 0x61, 0x0a),
    Buffer.from("carol\n"),
  ]);
  assert.deepEqual(await read(bytes), [
    [1, undefined],
    [2, "b".repeat(20)],
    [3, undefined],
    [4, "carol"],
  ]);
});

test("a line without end is not kept", async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(1024 * 1024, "a");
    for (; sent < 512; sent++) yield piece;
  }
  const before = process.memoryUsage().arrayBuffers;
  const lines = await Array.fromAsync(nameLines(endless(), 1024));
  assert.deepEqual(lines, [{ number: 1, name: undefined }]);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
});

test("the same in pieces of any size", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "🧑", "\n", " ", "\r"), maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (all, size) => {
      const wanted = all
        .split("\n")
        .map((line, at) => [at + 1, Buffer.byteLength(line) > 20 ? undefined : line.trim()])
        .filter(([, name]) => name !== "");
      assert.deepEqual(await read(all, size), wanted);
    }),
  );
});
