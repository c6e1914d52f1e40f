/** Rows of cells in columns that a terminal holds. */
import { printable } from "../core/printable.ts";

/** Between two columns. */
const GAP = "  ";
/** No column is cut below this while another is wider. */
const COLUMN_MIN = 4;

export interface TableOptions {
  /** 80 when absent; Infinity cuts nothing, for output that is read by another program. */
  readonly columns?: number | undefined;
  /** Stands for what was cut off; "…" when absent. */
  readonly ellipsis?: string | undefined;
}

/** The lines of a table, without line breaks and without white space at their ends. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string[] {
  const { columns = 80, ellipsis = "…" } = options;
  const cells = [headings, ...rows].map((row) =>
    headings.map((_, column) => [...printable(row[column] ?? "", 4096)]),
  );
  const widest = headings.map((_, column) =>
    Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const widths = shrink(widest, columns - GAP.length * (headings.length - 1));
  return cells.map((row) =>
    row
      .map((cell, column) => fit(cell, widths[column] ?? 0, ellipsis))
      .join(GAP)
      .trimEnd(),
  );
}

/** The widest columns give way first: short ones are mostly what tells rows apart. */
function shrink(widest: readonly number[], room: number): number[] {
  const widths = [...widest];
  let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
  while (surplus > 0) {
    const largest = Math.max(...widths);
    if (largest <= COLUMN_MIN) break;
    widths[widths.lastIndexOf(largest)] = largest - 1;
    surplus--;
  }
  return widths;
}

function fit(cell: readonly string[], width: number, ellipsis: string): string {
  if (cell.length <= width) return cell.join("") + " ".repeat(width - cell.length);
  return cell.slice(0, width - ellipsis.length).join("") + ellipsis;
}
