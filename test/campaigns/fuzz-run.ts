/** Tries one target after the other for a time, and keeps what each found. */
import { fail } from "node:assert/strict";
import { IMPORTS } from "./fuzz-imports.ts";
import { storeTarget } from "./fuzz-store.ts";
import { type Target, TEXTS } from "./fuzz-texts.ts";
import { randomFrom } from "./random.ts";

const READERS: Readonly<Record<string, Target>> = { ...TEXTS, ...IMPORTS };

export interface Found {
  tries: number;
  /** A message, and the seed of the first try that ended in it. */
  readonly problems: Map<string, number>;
}

/** Tries of each target, and milliseconds that they may take longer for. */
const LEAST = 25;
const PATIENCE = 30_000;

export async function fuzz(
  t: { after: (work: () => Promise<void>) => void },
  {
    seconds,
    seed,
    only,
  }: { readonly seconds: number; readonly seed: number; readonly only?: string },
): Promise<Map<string, Found>> {
  const targets = only
    ? { [only]: READERS[only] ?? fail(`no target ${only}`) }
    : { ...READERS, "store bytes": await storeTarget(t) };
  const found = new Map<string, Found>();
  for (const [name, target] of Object.entries(targets)) {
    const own: Found = { tries: 0, problems: new Map() };
    found.set(name, own);
    // The store is half of it: a try there takes the longest.
    const share = only ? 1 : name === "store bytes" ? 0.5 : 0.5 / Object.keys(READERS).length;
    const until = Date.now() + seconds * share * 1000;
    // A busy machine gives few tries in the same time.
    const goesOn = (): boolean =>
      Date.now() < until || (own.tries < LEAST && Date.now() < until + PATIENCE);
    for (let at = seed; goesOn(); at++, own.tries++) {
      try {
        await target(randomFrom(at));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (!own.problems.has(message)) own.problems.set(message, at);
      }
    }
  }
  return found;
}
