/**
 * Fuzzes every importer, all at once, each in a thread of its own.
 *
 *     npx node test/campaigns/imports.ts [SECONDS] [SEED] [FORMAT]
 *
 * Each goes on for SECONDS, and until it had ten of a processor; with 0, for the try of SEED alone.
 * Prints the tries and what was found, with the seed that finds it again; exit status 1 then.
 * It ends with whoever started it.
 */
import { IMPORTS } from "./fuzz-imports.ts";
import { fuzzInThreads } from "./fuzz-threads.ts";

/** Seconds of a processor. */
const LEAST = 10;
/** Seconds beyond those asked for, in which a busy machine still gets to them. */
const PATIENCE = 900;
/** A try takes a millisecond; with a busy machine's least share of time, seconds. */
const MOST_OF_ONE = 120;

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const only = process.argv[4];
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(2), 1000).unref();

for (const { target, tries, seconds: took, processor, problems } of await fuzzInThreads({
  table: new URL("./fuzz-imports.ts", import.meta.url),
  name: "IMPORTS",
  targets: only ? [only] : Object.keys(IMPORTS),
  seed,
  seconds,
  least: seconds > 0 ? LEAST : 0,
  most: seconds + PATIENCE,
  mostOfOne: MOST_OF_ONE,
})) {
  const figures = `${`${tries}`.padStart(9)} tries  ${took.toFixed(0).padStart(5)} s`;
  const spent = `${processor.toFixed(0).padStart(5)} s of a processor`;
  print(`${target.padEnd(31)} ${figures}  ${spent}  ${problems.size} problems`);
  if (problems.size > 0) process.exitCode = 1;
  for (const [message, at] of problems) {
    print(`  ${message}\n  again: npx node test/campaigns/imports.ts 0 ${at} '${target}'`);
  }
}
// A thread that did not end would keep this from ending.
process.exit();
