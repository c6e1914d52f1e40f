/** The thread that tries one target; see fuzz-threads.ts. */
import { parentPort, workerData } from "node:worker_threads";
import type { Target } from "./fuzz-texts.ts";
import { SHARED } from "./fuzz-threads.ts";
import { randomFrom } from "./random.ts";

const { table, name, target, seed, seconds, least, shared } = workerData;
const targets = (await import(table))[name] as Readonly<Record<string, Target>>;
const attempt = targets[target];
if (attempt === undefined) throw new Error(`no target ${target}`);
const problems = new Map<string, number>();
const until = Date.now() + seconds * 1000;
let at = seed;
do {
  shared[SHARED.seed] = at;
  try {
    await attempt(randomFrom(at));
  } catch (error) {
    const whole = error instanceof Error ? error.message : String(error);
    // Of an assertion the sentence, unless it is tried again: there may be many.
    const message = seconds > 0 ? (whole.split("\n", 1)[0] ?? "") : whole;
    if (!problems.has(message)) problems.set(message, at);
  }
  shared[SHARED.tries] = ++at - seed;
} while (Date.now() < until || processor() < least);
parentPort?.postMessage({ problems, processor: processor() });

/** Seconds of one that this thread had. */
function processor(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
