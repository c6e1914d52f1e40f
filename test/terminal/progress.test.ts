import assert from "node:assert/strict";
import { test } from "node:test";
import { progress } from "../../src/terminal/progress.ts";
import { styleFor } from "../../src/terminal/style.ts";

/** An output that keeps what it is given, and a clock. */
function stage(isTTY: boolean) {
  const written: string[] = [];
  const clock = { now: 1000 };
  const output = { isTTY, columns: 20, write: (text: string) => written.push(text) };
  return { written, clock, line: progress(output, () => clock.now) };
}

test("at most ten updates a second, and none is left at the end", () => {
  const { written, clock, line } = stage(true);
  for (let i = 0; i < 1000; i++) {
    line.update(`${i} events`);
    clock.now += 1;
  }
  assert.equal(written.length, 10);
  assert.equal(written[1], "\r100 events\r100 events");
  line.done();
  assert.equal(written.at(-1), `\r${" ".repeat(10)}\r`);
  line.done();
  assert.equal(written.length, 11);
});

test("a line never reaches the edge, and holds no control character", () => {
  const { written, line } = stage(true);
  line.update(`\u001b[2J${"x".repeat(50)}`);
  assert.equal(written[0], `\r[2J${"x".repeat(16)}\r[2J${"x".repeat(16)}`);
});

test("nothing moves where there is no terminal", () => {
  const { written, line } = stage(false);
  line.update("1 event");
  line.done();
  assert.deepEqual(written, []);
});

test("emphasis is for a terminal, and NO_COLOR takes it off", () => {
  const TERM = "xterm";
  const tty = { isTTY: true };
  assert.equal(styleFor({ TERM }, tty).bold("x"), "\x1b[1mx\x1b[22m");
  for (const [environment, output] of [
    [{ TERM }, {}],
    [{ TERM, NO_COLOR: "1" }, tty],
    [{ TERM: "dumb" }, tty],
    [{}, tty],
  ] as const) {
    assert.equal(styleFor(environment, output).red("x"), "x");
  }
});
