import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { drawingSize, drawQr, QUIET_ZONE, qrMatrix, withQuietZone } from "../../src/terminal/qr.ts";
import {
  CELL_HEIGHT,
  CELL_WIDTH,
  pixel,
  readScreen,
  THEMES,
  type Theme,
} from "../support/screen.ts";
import { CONTENT } from "./content.ts";

const TEXT = fc
  .string({ unit: "grapheme", maxLength: 200 })
  .filter((text) => Buffer.byteLength(text) <= 200);

/** Reads modules off a drawing: `across` columns and 1/`down` rows a module. */
function readModules(lines: readonly string[], theme: Theme, across: number, down: number) {
  const modules: boolean[][] = [];
  for (const row of readScreen(lines.join("\n"), theme)) {
    for (let part = 0; part < down; part++) {
      const y = ((part + 0.5) * CELL_HEIGHT) / down;
      const colours = row
        .filter((_, column) => column % across === 0)
        .map((cell) => pixel(cell, CELL_WIDTH / 2, Math.floor(y)));
      modules.push(colours.map(([red, green, blue]) => red + green + blue < 384));
    }
  }
  return modules;
}

test("a usual key URI: version 5, 41 columns by 21 rows", () => {
  const matrix = qrMatrix(CONTENT.uri);
  assert.equal(matrix.length, 37);
  const lines = drawQr(matrix, "utf8", true);
  assert.equal(lines.length, 21);
  assert.deepEqual(drawingSize(37, "utf8"), { columns: 41, rows: 21 });
  assert.deepEqual(drawingSize(37, "ascii"), { columns: 82, rows: 41 });
  for (const row of readScreen(lines.join("\n"), THEMES.dark as Theme))
    assert.equal(row.length, 41);
});

test("too long a text is a RangeError, and the longest is drawn", () => {
  assert.equal(qrMatrix("x".repeat(2953)).length, 177);
  assert.throws(() => qrMatrix("x".repeat(2954)), RangeError);
});

for (const [name, theme] of Object.entries(THEMES)) {
  test(`what is drawn reads back on the theme ${name}`, () => {
    fc.assert(
      fc.property(TEXT, (text) => {
        const matrix = qrMatrix(text);
        const framed = withQuietZone(matrix, QUIET_ZONE);
        const light = framed.map(() => false);
        const utf8 = readModules(drawQr(matrix, "utf8", true), theme, 1, 2);
        assert.deepEqual(utf8, [...framed, light]);
        assert.deepEqual(readModules(drawQr(matrix, "ascii", true), theme, 2, 1), framed);
      }),
      { numRuns: 10 },
    );
  });
}

test("without colours the polarity is that of the background", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const matrix = qrMatrix(text);
      const framed = withQuietZone(matrix, QUIET_ZONE);
      const rows = [...framed, framed.map(() => false)];
      const { light, dark } = THEMES as { light: Theme; dark: Theme };
      assert.deepEqual(readModules(drawQr(matrix, "utf8", false), dark, 1, 2), rows);
      assert.deepEqual(readModules(drawQr(matrix, "utf8-inverse", false), light, 1, 2), rows);
      assert.deepEqual(
        drawQr(matrix, "ascii", false),
        framed.map((row) => row.map((isDark) => (isDark ? "  " : "##")).join("")),
      );
    }),
    { numRuns: 20 },
  );
});

test("colours end with their line, and escapes are only where colours are", () => {
  const matrix = qrMatrix(CONTENT.uri);
  for (const style of ["utf8", "ascii"] as const) {
    for (const line of drawQr(matrix, style, true)) assert.ok(line.endsWith("\x1b[0m"));
  }
  for (const style of ["utf8", "utf8-inverse", "ascii"] as const) {
    assert.ok(!drawQr(matrix, style, false).join("").includes("\x1b"));
  }
  assert.ok(!drawQr(matrix, "utf8-inverse", true).join("").includes("\x1b"));
  for (const colour of [true, false]) {
    assert.match(drawQr(matrix, "ascii", colour).join(""), /^[\x1b-\x7e]*$/);
  }
});
