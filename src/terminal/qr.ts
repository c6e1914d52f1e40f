/** The QR symbol of a text, and its drawing in a terminal. */
/// <reference path="./qrcode-terminal.d.ts" />
import QRCode from "qrcode-terminal/vendor/QRCode/index.js";
import QRErrorCorrectLevel from "qrcode-terminal/vendor/QRCode/QRErrorCorrectLevel.js";

/** Rows of modules, dark ones true; without a quiet zone. */
export type QrMatrix = readonly (readonly boolean[])[];

/**
 * `utf8`: half blocks, two modules a character. `utf8-inverse`: the same for a light
 * background, where no colour passes. `ascii`: two columns a module.
 */
export type QrStyle = "utf8" | "utf8-inverse" | "ascii";

/**
 * Modules of light around the symbol. ISO/IEC 18004 asks for four; phones read two, and
 * with four the usual key URI would not leave room for the key beside it in 80 columns.
 */
export const QUIET_ZONE = 2;

/** The longest text that any symbol holds at level L, in bytes: version 40. */
const TEXT_MAX = 2953;

/**
 * The modules that stand for a text.
 *
 * They are taken from the generator inside qrcode-terminal, which has no other way to hand
 * them out: its own drawing has one module of quiet zone and leaves colours to the theme.
 * That path is no promise of the package, so its version is pinned exactly. Error correction
 * is L: a screen has no scratches, and each further level costs rows.
 * @throws RangeError when the text is longer than 2,953 bytes
 */
export function qrMatrix(text: string): boolean[][] {
  if (Buffer.byteLength(text) > TEXT_MAX) {
    throw new RangeError(`a QR code holds at most ${TEXT_MAX} bytes`);
  }
  const code = new QRCode(-1, QRErrorCorrectLevel.L);
  // The generator takes the low byte of each character: it is given UTF-8, byte by byte.
  code.addData(Buffer.from(text).toString("latin1"));
  code.make();
  const modules = Array.from({ length: code.getModuleCount() }, (_, index) => index);
  return modules.map((row) => modules.map((column) => code.isDark(row, column)));
}

/**
 * Black on white whatever the theme. Bright white comes second: a terminal of eight colours
 * ignores it and keeps the plain white. The reset before it takes off bold, which would
 * make the black grey on some.
 */
const DARK_ON_LIGHT = "\x1b[0;30;47;107m";
const DARK = "\x1b[0;40m";
const LIGHT = "\x1b[0;47;107m";
const RESET = "\x1b[0m";

/** Columns and rows of a drawing, quiet zone included. */
export function drawingSize(modules: number, style: QrStyle): { columns: number; rows: number } {
  const side = modules + 2 * QUIET_ZONE;
  return style === "ascii"
    ? { columns: 2 * side, rows: side }
    : { columns: side, rows: Math.ceil(side / 2) };
}

/**
 * The lines of a drawing, without line breaks. With `colour`, `utf8` and `ascii` set black and
 * white themselves, and each line resets them at its end. Without, light modules are what
 * is drawn, for a dark background; `utf8-inverse` draws the dark ones, for a light one.
 */
export function drawQr(matrix: QrMatrix, style: QrStyle, colour: boolean): string[] {
  const framed = withQuietZone(matrix, QUIET_ZONE);
  if (style === "ascii") return framed.map((row) => (colour ? colouredRow(row) : plainRow(row)));
  const isColoured = colour && style === "utf8";
  const isInkDark = isColoured || style === "utf8-inverse";
  const lines: string[] = [];
  for (let row = 0; row < framed.length; row += 2) {
    const line = halfBlocks(framed[row] ?? [], framed[row + 1] ?? [], isInkDark);
    lines.push(isColoured ? `${DARK_ON_LIGHT}${line}${RESET}` : line);
  }
  return lines;
}

/** The matrix with light modules around it. */
export function withQuietZone(matrix: QrMatrix, zone: number): boolean[][] {
  const side = matrix.length + 2 * zone;
  const indices = Array.from({ length: side }, (_, index) => index - zone);
  return indices.map((row) => indices.map((column) => matrix[row]?.[column] ?? false));
}

/** Two rows of modules in one of characters; a missing lower row is light. */
function halfBlocks(
  upper: readonly boolean[],
  lower: readonly boolean[],
  isInkDark: boolean,
): string {
  return upper
    .map((isDark, column) => {
      const top = isDark === isInkDark;
      const bottom = (lower[column] ?? false) === isInkDark;
      if (top) return bottom ? "█" : "▀";
      return bottom ? "▄" : " ";
    })
    .join("");
}

/** Spaces on coloured ground; a colour is set only where it changes. */
function colouredRow(row: readonly boolean[]): string {
  let line = "";
  row.forEach((isDark, column) => {
    if (column === 0 || isDark !== row[column - 1]) line += isDark ? DARK : LIGHT;
    line += "  ";
  });
  return line + RESET;
}

function plainRow(row: readonly boolean[]): string {
  return row.map((isDark) => (isDark ? "  " : "##")).join("");
}
