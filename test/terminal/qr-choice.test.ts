import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseQrStyle } from "../../src/terminal/qr-choice.ts";

const UTF8 = { LANG: "en_GB.UTF-8", TERM: "xterm-256color" };
const SCREEN = { isTTY: true, columns: 80, rows: 24 };
const LARGE = { isTTY: true, columns: 120, rows: 50 };

test("UTF-8 goes by LC_ALL, then LC_CTYPE, then LANG", () => {
  const styleOf = (environment: Record<string, string>) =>
    chooseQrStyle({ TERM: "xterm", ...environment }, LARGE, "auto", 37).style;
  assert.equal(styleOf({ LANG: "en_GB.UTF-8" }), "utf8");
  assert.equal(styleOf({ LC_CTYPE: "C.utf8", LANG: "C" }), "utf8");
  assert.equal(styleOf({ LC_ALL: "", LC_CTYPE: "C.utf8" }), "utf8");
  assert.equal(styleOf({ LC_ALL: "C", LC_CTYPE: "C.utf8", LANG: "en_GB.UTF-8" }), "ascii");
  assert.equal(styleOf({}), "ascii");
});

test("what does not fit is not drawn, and the reason says by how much", () => {
  assert.deepEqual(chooseQrStyle({ TERM: "xterm" }, SCREEN, "auto", 37), {
    style: "none",
    reason: "this needs 82 columns, the terminal has 80 (--qr utf8 would fit)",
  });
  assert.deepEqual(chooseQrStyle(UTF8, { ...SCREEN, columns: 40 }, "utf8", 37), {
    style: "none",
    reason: "this needs 41 columns, the terminal has 40",
  });
  assert.deepEqual(chooseQrStyle(UTF8, { ...SCREEN, rows: 20 }, "auto", 37), {
    style: "none",
    reason: "this needs 21 rows, the terminal has 20",
  });
  assert.deepEqual(chooseQrStyle(UTF8, SCREEN, "auto", 37), { style: "utf8", colour: true });
});

test("colours are off for NO_COLOR, for a dumb terminal, and for what is no terminal", () => {
  const colourOf = (environment: Record<string, string>, output: object) => {
    const choice = chooseQrStyle({ ...UTF8, ...environment }, output, "utf8", 37);
    return "colour" in choice && choice.colour;
  };
  assert.equal(colourOf({}, SCREEN), true);
  assert.equal(colourOf({ NO_COLOR: "" }, SCREEN), true);
  assert.equal(colourOf({ NO_COLOR: "1" }, SCREEN), false);
  assert.equal(colourOf({ TERM: "dumb" }, SCREEN), false);
  assert.equal(colourOf({}, {}), false);
});

test("the console gets coloured spaces where they fit: its font may lack half blocks", () => {
  const console = { ...UTF8, TERM: "linux" };
  assert.equal(chooseQrStyle(console, LARGE, "auto", 37).style, "ascii");
  assert.equal(chooseQrStyle(console, SCREEN, "auto", 37).style, "utf8");
});

test("nothing is drawn unasked where there is no terminal, and nothing where it is refused", () => {
  assert.deepEqual(chooseQrStyle(UTF8, {}, "auto", 37), {
    style: "none",
    reason: "the output is no terminal",
  });
  assert.deepEqual(chooseQrStyle(UTF8, SCREEN, "none", 37), { style: "none" });
});
