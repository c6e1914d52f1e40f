/**
 * The long run of everything that parses, and of a store with random bytes changed.
 *
 *     npx node test/campaigns/fuzz.ts [SECONDS] [SEED] [TARGET]
 *
 * Prints the tries and what was found, with the seed that finds it again; exit status 1 then.
 */
import { fuzz } from "./fuzz-run.ts";

const seconds = Number(process.argv[2] ?? 300);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const only = process.argv[4];
const clearing: (() => Promise<void>)[] = [];
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

print(`seed ${seed}, ${seconds} s`);
try {
  const t = { after: (work: () => Promise<void>) => void clearing.push(work) };
  for (const [name, { tries, problems }] of await fuzz(t, {
    seconds,
    seed,
    ...(only ? { only } : {}),
  })) {
    print(`${name.padEnd(31)} ${`${tries}`.padStart(9)} tries  ${problems.size} problems`);
    for (const [message, at] of problems) print(`  seed ${at}: ${message}`);
    if (problems.size > 0) process.exitCode = 1;
  }
} finally {
  for (const work of clearing) await work();
}
