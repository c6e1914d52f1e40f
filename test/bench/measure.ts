/** Numbers from repeated runs, and the table they are printed in. */

/** The value below which that part of the values lies; `part` from 0 to 1. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Runs each subject in turn, round after round, so that a drifting machine hits all alike. */
export async function inTurn(
  rounds: number,
  subjects: Readonly<Record<string, (round: number) => Promise<void> | void>>,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(subjects)) {
      const start = performance.now();
      await run(round);
      times.get(name)?.push(performance.now() - start);
    }
  }
  return times;
}

/** One line of a table: a name, its figures, and the bound it is held against. */
export function row(name: string, ...cells: readonly string[]): string {
  return [name.padEnd(28), ...cells.map((cell) => cell.padStart(12))].join(" ").trimEnd();
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 1)} ms`;
}

export function ratio(value: number, base: number): string {
  return `${(value / base).toFixed(2)} x`;
}

export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
