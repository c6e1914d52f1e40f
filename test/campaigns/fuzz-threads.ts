/**
 * Tries each target of a table in a thread of its own: one that never ends, or takes all of its
 * memory, is a finding like any other.
 */
import { Worker } from "node:worker_threads";

export interface Fuzzing {
  /** The module, and which of its exports is the table. */
  readonly table: URL;
  readonly name: string;
  readonly targets: readonly string[];
  readonly seed: number;
  /** Each target goes on for as long, */
  readonly seconds: number;
  /** and until it had as many seconds of a processor. */
  readonly least: number;
  /** Seconds after which it is broken off, and that is a finding; the same for a single try. */
  readonly most: number;
  readonly mostOfOne: number;
}

export interface Fuzzed {
  readonly target: string;
  readonly tries: number;
  /** Of wall-clock time, and of a processor's. */
  readonly seconds: number;
  readonly processor: number;
  /** A message, and the seed of the first try that ended in it. */
  readonly problems: ReadonlyMap<string, number>;
}

/** What a thread shares, so that it is known also of one that hangs. */
export const SHARED = { seed: 0, tries: 1, length: 2 } as const;

const LOOK_EVERY = 250;
const MEMORY = { maxOldGenerationSizeMb: 192 };

export function fuzzInThreads(fuzzing: Fuzzing): Promise<Fuzzed[]> {
  return Promise.all(fuzzing.targets.map((target) => fuzzOne(fuzzing, target)));
}

async function fuzzOne(fuzzing: Fuzzing, target: string): Promise<Fuzzed> {
  const shared = new Float64Array(new SharedArrayBuffer(8 * SHARED.length));
  const { table, name, seed, seconds, least } = fuzzing;
  const started = Date.now();
  const worker = new Worker(new URL("./fuzz-thread.ts", import.meta.url), {
    workerData: { table: table.href, name, target, seed, seconds, least, shared },
    resourceLimits: MEMORY,
  });
  const ended = await new Promise<Pick<Fuzzed, "problems" | "processor">>((resolve) => {
    const at = (): number => shared[SHARED.seed] ?? seed;
    const finding = (why: string) => resolve({ problems: new Map([[why, at()]]), processor: 0 });
    worker.once("message", resolve);
    worker.once("error", (error) => finding(`it ended the thread: ${error}`));
    worker.once("exit", () => finding("it waits for what never comes"));
    watch(worker, shared, fuzzing, finding);
  });
  // Not awaited: a thread that has run out of memory may not even end.
  void worker.terminate();
  const tries = shared[SHARED.tries] ?? 0;
  return { target, tries, seconds: (Date.now() - started) / 1000, ...ended };
}

function watch(
  worker: Worker,
  shared: Float64Array,
  { most, mostOfOne }: Fuzzing,
  finding: (why: string) => void,
): void {
  const until = Date.now() + most * 1000;
  let tries = 0;
  let since = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    // Until the first of them the thread is still being made.
    if (shared[SHARED.tries] !== tries || shared[SHARED.seed] === 0) since = now;
    tries = shared[SHARED.tries] ?? 0;
    if (now - since > mostOfOne * 1000) finding(`one try took over ${mostOfOne} s`);
    if (now > until) finding(`not enough of a processor in ${most} s`);
  }, LOOK_EVERY);
  worker.once("exit", () => clearInterval(timer));
  timer.unref();
}
