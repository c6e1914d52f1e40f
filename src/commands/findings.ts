/** Findings, a line each with its mend, as `doctor` and `duo check` lay them out. */
import type { Finding } from "../client/examine.ts";
import type { Style } from "../terminal/style.ts";

/** What is found of something: a check of doctor's, a method. */
export interface NamedFinding extends Omit<Finding, "check"> {
  readonly name: string;
}

/** `problem`, and a gap. */
const STATE = 9;
const GAP = 2;

/** Below this, wrapping makes it worse. */
const ROOM_MIN = 20;

export function findingLines(
  findings: readonly NamedFinding[],
  columns: number,
  style: Style,
): string[] {
  const names = Math.max(0, ...findings.map(({ name }) => name.length)) + GAP;
  const margin = " ".repeat(STATE + names);
  const room = Math.max(ROOM_MIN, columns - margin.length);
  return findings.flatMap(({ name, state, message, mend }, index) => {
    // A name stands before its first line alone: that groups them.
    const title = findings[index - 1]?.name === name ? "" : name;
    const [first = "", ...more] = wrap(message, room);
    const mends = mend === undefined ? [] : wrap(`try: ${mend}`, room);
    return [
      `${painted(state, style)}${title.padEnd(names)}${first}`,
      ...[...more, ...mends].map((line) => margin + line),
    ];
  });
}

function painted(state: Finding["state"], style: Style): string {
  const paint = { ok: style.green, warning: style.yellow, problem: style.red }[state];
  return paint(state) + " ".repeat(STATE - state.length);
}

/** Lines of at most `room` characters; a longer word has one to itself. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
