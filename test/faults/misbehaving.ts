/** What a thread that fuzzes may meet, each at the seed 7. */
import type { Target } from "../campaigns/fuzz-texts.ts";
import { type Random, randomFrom } from "../campaigns/random.ts";

const SEVENTH = randomFrom(7).below(1_000_000);
const isSeventh = (random: Random): boolean => random.below(1_000_000) === SEVENTH;

export const MISBEHAVING: Readonly<Record<string, Target>> = {
  well: () => undefined,
  throwing(random) {
    if (isSeventh(random)) throw new Error("it threw\nat length");
  },
  endless(random) {
    for (const seventh = isSeventh(random); seventh; );
  },
  waiting: (random) => (isSeventh(random) ? new Promise(() => undefined) : undefined),
  greedy(random) {
    const seventh = isSeventh(random);
    for (const hoard: string[] = []; seventh; ) hoard.push(`${"-".repeat(100)}${hoard.length}`);
  },
};
