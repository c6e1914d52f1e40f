/** "Did you mean": the names nearest to one that is not there. */

/** At most three names, nearest first, none further off than half of what was typed. */
export function nearest(typed: string, names: readonly string[]): string[] {
  const word = typed.slice(0, 64).toLowerCase();
  return names
    .map((name) => ({ name, distance: distanceTo(word, name) }))
    .filter(({ distance }) => distance <= word.length / 2)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** The whole name wins over one that only ends so: `verify` over `audit verify`. */
const PART = 0.5;

/** The last part alone is enough of a name: `window` for `totp.window`, `unlock` for `user unlock`. */
function distanceTo(word: string, name: string): number {
  const whole = name.toLowerCase();
  const last = whole.slice(whole.search(/[^. ]*$/));
  return Math.min(editDistance(word, whole), editDistance(word, last) + PART);
}

/** Levenshtein's: single letters put in, left out or changed. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const changed = (above[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(changed, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
