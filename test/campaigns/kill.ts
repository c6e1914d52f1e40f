/**
 * The long run: kills every command that writes, at random moments, for as long as it is told.
 *
 *     npx node test/campaigns/kill.ts [SECONDS] [SEED]
 *
 * Prints a line for each command, and every failure; exit status 1 when there was one.
 */
import { availableParallelism } from "node:os";
import { killRounds } from "./kill-rounds.ts";

const seconds = Number(process.argv[2] ?? 300);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const clearing: (() => Promise<void>)[] = [];
const atOnce = availableParallelism() + 1;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

print(`seed ${seed}, ${seconds} s, ${atOnce} at once`);
try {
  const t = { after: (work: () => Promise<void>) => void clearing.push(work) };
  const figures = await killRounds(t, { seconds, seed, atOnce, atWrites: true });
  print(`${"".padEnd(22)} rounds  killed    done  undone  failures`);
  for (const [name, { rounds, killed, done, undone, failures }] of figures) {
    const columns = [rounds, killed, done, undone].map((each) => `${each}`.padStart(6)).join("  ");
    print(`${name.padEnd(22)} ${columns}  ${`${failures.length}`.padStart(8)}`);
    for (const failure of failures) print(`  ${failure}`);
    if (failures.length > 0) process.exitCode = 1;
  }
} finally {
  for (const work of clearing) await work();
}
