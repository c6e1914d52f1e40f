/** Text of help pages, laid out for a terminal of 80 columns. */

export const HELP_COLUMNS = 80;

/** Filled to the page's width, each line after the first indented. What is in [] stays whole. */
export function fillLines(text: string, indent = "", columns = HELP_COLUMNS): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/\[[^\]]*\]|\S+/g) ?? []) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > columns) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** Paragraphs, filled; one with indented lines is a table, and stays as it is. */
export function paragraphs(text: string): string {
  return text
    .split(/\n\n+/)
    .map((block) => (/^ /m.test(block) ? block : fillLines(block).join("\n")))
    .join("\n\n")
    .trim();
}

type Row = readonly [left: string, right: string];

/** What is too wide for the left column has a line to itself. */
export function twoColumns(rows: readonly Row[], width?: number): string[] {
  const widest = Math.max(0, ...rows.map(([left]) => left.length).filter((each) => each <= 24));
  const left = (width ?? widest + 2) + 2;
  return rows.flatMap(([name, text]) => {
    const filled = fillLines(text, "", HELP_COLUMNS - left);
    const [first = "", ...more] = filled;
    const head =
      name.length + 4 <= left
        ? [`  ${name}`.padEnd(left) + first]
        : [`  ${name}`, " ".repeat(left) + first];
    return [...head, ...more.map((line) => " ".repeat(left) + line)].map((line) => line.trimEnd());
  });
}
