/** Rows for spreadsheets: RFC 4180, and nothing that one would compute. */
import { printable } from "../core/printable.ts";

/** What a spreadsheet takes for the beginning of a formula; an apostrophe makes it text. */
const FORMULA = /^[=+\-@]/;

/** One row, its line break included. */
export function csvRow(cells: readonly (string | number)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: string | number): string {
  if (typeof value === "number") return String(value);
  // White space before it does not keep all of them from computing.
  const clean = printable(value, Number.POSITIVE_INFINITY);
  const text = FORMULA.test(clean.trimStart()) ? `'${clean}` : clean;
  return /[",\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
