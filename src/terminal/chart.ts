/** The last day's verdicts, hour by hour, as a small chart. */
import type { AuditTally } from "../contracts/store.ts";
import { printable } from "../core/printable.ts";
import { VERDICTS } from "../core/verdict.ts";

const HOUR = 3_600_000;
const HOURS = 24;
const LABEL = 13;

/** Eight heights each; nothing is no height, and one of a thousand is still seen. */
const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII = [".", ":", "-", "=", "+", "*", "%", "#"];
const EVERY = 6;

export interface ChartOptions {
  readonly utf8: boolean;
  /** Hour of the day, 0 to 23, at a time; the host's local one when absent. */
  readonly hourOf?: (at: number) => number;
}

/**
 * The lines of the chart, at most 80 columns: a row for each verdict that occurred, all on
 * one scale, with its total. `now` in milliseconds since the epoch.
 */
export function dayChart(
  tally: readonly AuditTally[],
  now: number,
  options: ChartOptions,
): string[] {
  const first = Math.floor(now / HOUR) * HOUR - (HOURS - 1) * HOUR;
  const recent = tally.filter(({ hour }) => hour >= first && hour <= now);
  if (recent.length === 0) return ["No verification in the last 24 hours."];
  const peak = Math.max(...recent.map(({ count }) => count));
  const known: readonly string[] = VERDICTS;
  const verdicts = [...new Set([...known, ...recent.map(({ verdict }) => verdict)])];
  const rows = verdicts.flatMap((verdict) => {
    const own = recent.filter((entry) => entry.verdict === verdict);
    return own.length === 0 ? [] : [rowOf(verdict, own, first, peak, options)];
  });
  // All rows are on this scale.
  const scale = `${"last day".padEnd(LABEL)}up to ${peak} an hour`;
  return [scale, ...rows, ...axis(first, options)];
}

function rowOf(
  verdict: string,
  own: readonly AuditTally[],
  first: number,
  peak: number,
  options: ChartOptions,
): string {
  const counts = new Array<number>(HOURS).fill(0);
  for (const { hour, count } of own) {
    const place = Math.floor((hour - first) / HOUR);
    counts[place] = (counts[place] ?? 0) + count;
  }
  const bars = counts.map((count) => bar(count, peak, options).repeat(2)).join("");
  const total = counts.reduce((sum, count) => sum + count, 0);
  return `${printable(verdict, LABEL - 1).padEnd(LABEL)}${bars}  ${total}`;
}

function bar(count: number, peak: number, options: ChartOptions): string {
  if (count === 0) return " ";
  const heights = options.utf8 ? BLOCKS : ASCII;
  const height = Math.min(heights.length, Math.ceil((count / peak) * heights.length));
  return heights[height - 1] ?? " ";
}

/** The hours below the bars, every sixth from the oldest on. */
function axis(first: number, options: ChartOptions): string[] {
  const hourOf = options.hourOf ?? ((at: number) => new Date(at).getHours());
  const mark = options.utf8 ? "╵" : "'";
  const places = Array.from({ length: HOURS / EVERY }, (_, index) => first + index * EVERY * HOUR);
  const step = 2 * EVERY;
  const marks = places.map(() => mark.padEnd(step)).join("");
  const hours = places.map((at) => `${String(hourOf(at)).padStart(2, "0")}:00`.padEnd(step));
  const margin = " ".repeat(LABEL);
  return [`${margin}${marks.trimEnd()}`, `${margin}${hours.join("").trimEnd()}`];
}
