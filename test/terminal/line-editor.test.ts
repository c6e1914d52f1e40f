import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readAnswer } from "../../src/core/answer.ts";
import { LINE_MAX, LineEditor } from "../../src/terminal/line-editor.ts";

/** Types it and ends the line. */
function enter(input: string): string {
  const editor = new LineEditor();
  assert.deepEqual(editor.take(`${input}\r`), { kind: "entered", rest: "" });
  return editor.text;
}

test("a line ends at Enter, and what follows is left for the next question", () => {
  for (const [input, rest] of [
    ["one\r", ""],
    ["one\n", ""],
    ["one\r\ntwo", "two"],
    ["one\rtwo\r", "two\r"],
  ] as const) {
    const editor = new LineEditor();
    assert.deepEqual(editor.take(input), { kind: "entered", rest });
    assert.equal(editor.text, "one");
  }
});

test("erasing: a character, a word, the line", () => {
  assert.equal(enter("123\u007f\b456"), "1456");
  assert.equal(enter("\u007f\u007f1"), "1");
  assert.equal(enter("one two  \u0017three"), "one three");
  assert.equal(enter("one\u0017\u0017two"), "two");
  assert.equal(enter("one two\u0015three"), "three");
  assert.equal(enter("a😀\u007fb"), "ab");
});

test("Ctrl-C and Ctrl-\\ cancel anywhere, Ctrl-D ends an empty line alone", () => {
  const kindOf = (input: string) => new LineEditor().take(input)?.kind;
  assert.equal(kindOf("12\u0003"), "cancelled");
  assert.equal(kindOf("\u001c"), "cancelled");
  assert.equal(kindOf("\u001b[12\u0003"), "cancelled");
  assert.equal(kindOf("\u0004"), "end-of-input");
  assert.equal(kindOf("1\u007f\u0004"), "end-of-input");
  assert.equal(kindOf("1\u0004"), undefined);
});

test("keys without a meaning type nothing: arrows, paste markers, Ctrl-Z, NUL", () => {
  assert.equal(enter("12\u001b[D\u001b[1;5C\u001bOA3"), "123");
  assert.equal(enter("\u001b[200~123456\u001b[201~"), "123456");
  assert.equal(enter("1\u001a2\u00003\u0001"), "123");
  assert.equal(enter("\u001b123"), "123");
});

test("a sequence is left out however its bytes arrive", () => {
  const editor = new LineEditor();
  for (const character of "\u001b[200~12\u001b[D3") editor.take(character);
  assert.equal(editor.text, "123");
});

test("a line that is too long is bounded, and never cut into a valid answer", () => {
  const editor = new LineEditor();
  for (let i = 0; i < 64; i++) editor.take("1".repeat(16_384));
  assert.equal(editor.text.length, LINE_MAX + 1);
  assert.equal(readAnswer(editor.text).shape, "malformed");

  // Erasing takes off what was dropped first: the line is what the person believes it is.
  const over = new LineEditor();
  over.take("1".repeat(LINE_MAX + 5) + "\u007f".repeat(LINE_MAX - 1));
  assert.equal(over.text, "111111");

  assert.equal(enter(`${"1".repeat(LINE_MAX + 5)}\u0015123456`), "123456");
});

test("an answer that fits is the one typed, in whatever pieces it arrives", () => {
  const typed = fc
    .string({ unit: "binary", maxLength: 60 })
    .map((text) => text.replace(/[\u0000-\u001f\u007f]/gu, ""));
  fc.assert(
    fc.property(typed, fc.integer({ min: 1, max: 7 }), (text, size) => {
      const editor = new LineEditor();
      const characters = [...text];
      for (let at = 0; at < characters.length; at += size) {
        assert.equal(editor.take(characters.slice(at, at + size).join("")), undefined);
      }
      assert.equal(editor.text, text);
    }),
  );
});

test("no input throws or outgrows the bound", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (input) => {
      const editor = new LineEditor();
      editor.take(input);
      assert.ok([...editor.text].length <= LINE_MAX + 1);
    }),
  );
});
