/** Lines out of a stream: bounds to the byte, cuts anywhere, and nothing kept of what was read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_MAX, LineReader, Malformed } from "../../src/protocol/lines.ts";

const LINES = ["countersign/1 verify user=alice", "answer 123456", "", "é \u{1F511}"];
const BYTES = Buffer.from(LINES.map((line) => `${line}\n`).join(""));

test("bytes cut at any one place, at any two, or everywhere, are the same lines", () => {
  for (let first = 0; first <= BYTES.length; first++) {
    for (let second = first; second <= BYTES.length; second++) {
      const reader = new LineReader();
      const pieces = [
        BYTES.subarray(0, first),
        BYTES.subarray(first, second),
        BYTES.subarray(second),
      ];
      const lines = pieces.flatMap((piece) => reader.take(piece));
      assert.deepEqual(lines, LINES);
    }
  }
  const reader = new LineReader();
  assert.deepEqual(
    [...BYTES].flatMap((byte) => reader.take(Uint8Array.of(byte))),
    LINES,
  );
});

test("a line is given when it has ended, and not before", () => {
  const reader = new LineReader();
  assert.deepEqual(reader.take(Buffer.from("answer 1")), []);
  assert.equal(reader.isMidLine, true);
  assert.deepEqual(reader.take(Buffer.from("\n")), ["answer 1"]);
  assert.equal(reader.isMidLine, false);
  assert.deepEqual(reader.take(new Uint8Array()), []);
});

/** A line of that many bytes, its line feed included. */
const line = (bytes: number, filling = "a"): Buffer =>
  Buffer.from(`${filling.repeat(bytes - 1)}\n`);

for (const step of [1, 7, 4_096, 8_191, 8_192, 8_193, 100_000]) {
  const feed = (reader: LineReader, bytes: Buffer): string[] => {
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      lines.push(...reader.take(bytes.subarray(at, at + step)));
    }
    return lines;
  };

  test(`8 KiB are a line and one byte more is none, in pieces of ${step}`, () => {
    const longest = feed(new LineReader(), Buffer.concat([line(LINE_MAX), line(LINE_MAX)]));
    assert.deepEqual(
      longest.map(({ length }) => length),
      [LINE_MAX - 1, LINE_MAX - 1],
    );
    assert.throws(() => feed(new LineReader(), line(LINE_MAX + 1)), Malformed);
    assert.throws(() => feed(new LineReader(), Buffer.concat([line(9), line(9_000)])), Malformed);
  });

  test(`a line that does not end is none as soon as it cannot be one, in pieces of ${step}`, () => {
    const reader = new LineReader();
    assert.deepEqual(feed(reader, Buffer.alloc(LINE_MAX - 1, "a")), []);
    assert.throws(() => reader.take(Buffer.from("a")), Malformed);
  });
}

test("the bound is of bytes, not of characters", () => {
  const wide = "é".repeat(LINE_MAX / 2);
  assert.throws(() => new LineReader().take(Buffer.from(`${wide}\n`)), Malformed);
  const fits = Buffer.from(`${"é".repeat(LINE_MAX / 2 - 1)}a\n`);
  assert.equal(fits.length, LINE_MAX);
  assert.equal(new LineReader().take(fits).length, 1);
});

test("what is not UTF-8 is no line", () => {
  for (const bytes of [
    [0xff],
    [0xc3],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
  ]) {
    assert.throws(() => new LineReader().take(Uint8Array.of(...bytes, 0x0a)), Malformed);
  }
});

test("what the reader was given stays the giver's", () => {
  const given = Buffer.from("answer 123456\nanswer");
  new LineReader().take(given);
  assert.equal(given.toString(), "answer 123456\nanswer");
});
