/**
 * One store with many users: does a verification, or the list of users, notice?
 *
 *   node_modules/.bin/node test/bench/many-users.ts [USERS]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Countersign } from "../../src/contracts/service.ts";
import { median, milliseconds, percentile, print, ratio, row } from "./measure.ts";
import { answering, Trial } from "./trial.ts";

const FEW = 100;
const MANY = Number(process.argv[2] ?? 100_000);
/** Enrollments under way at once: they share commits. */
const AT_ONCE = 64;
const VERIFICATIONS = 1000;
const MAIN = fileURLToPath(new URL("../../dist/main.cjs", import.meta.url));
const ORIGIN = { service: "bench" };

const few = new Trial();
const many = new Trial();
try {
  const small = await fill(few, FEW);
  const start = performance.now();
  const large = await fill(many, MANY);
  const seconds = (performance.now() - start) / 1000;
  print(`enrolled ${MANY} users in ${seconds.toFixed(0)} s`);
  await compareVerify(small, large);
  await small.close();
  await large.close();
  compareLists();
} finally {
  few.remove();
  many.remove();
}

async function fill(trial: Trial, users: number): Promise<Countersign> {
  const service = await trial.open();
  for (let first = 0; first < users; first += AT_ONCE) {
    const group = Array.from({ length: Math.min(AT_ONCE, users - first) }, (_, i) => first + i);
    await Promise.all(group.map((user) => trial.enroll(service, name(user))));
  }
  return service;
}

function name(user: number): string {
  return `user${String(user).padStart(7, "0")}`;
}

/** Accepts in turn: each user once a time step, each accept on disk before the next. */
async function compareVerify(small: Countersign, large: Countersign): Promise<void> {
  const times = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < VERIFICATIONS; round++) {
    if (round % FEW === 0) few.ahead = many.ahead = few.ahead + 60_000;
    times.few.push(await accept(few, small, name(round % FEW)));
    times.many.push(await accept(many, large, name((round * 7919) % MANY)));
  }
  const base = median(times.few);
  print(row(`verify, ${VERIFICATIONS} accepts each`, "p50", "p99", "ratio p50", "goal"));
  for (const [users, values] of [
    [FEW, times.few],
    [MANY, times.many],
  ] as const) {
    const goal = users === MANY ? "at most 1.2 x" : "";
    const tail = milliseconds(percentile(values, 0.99));
    print(
      row(`${users} users`, milliseconds(median(values)), tail, ratio(median(values), base), goal),
    );
  }
}

async function accept(trial: Trial, service: Countersign, user: string): Promise<number> {
  const code = trial.code(user, 0);
  const start = performance.now();
  const { verdict } = await service.verify(user, ORIGIN, answering(code));
  const elapsed = performance.now() - start;
  if (verdict !== "accept") throw new Error(`${user}: ${verdict}`);
  return elapsed;
}

function compareLists(): void {
  print(row("user list --json", "time", "peak memory", "output"));
  for (const [users, trial] of [
    [FEW, few],
    [MANY, many],
  ] as const) {
    const start = performance.now();
    const { bytes, peak } = list(trial);
    const elapsed = `${((performance.now() - start) / 1000).toFixed(2)} s`;
    print(row(`${users} users`, elapsed, `${(peak / 1024).toFixed(0)} MiB`, `${bytes} bytes`));
  }
}

/** Peak resident memory of the command, in KiB: VmHWM of proc(5), which exec begins anew. */
function list(trial: Trial): { bytes: number; peak: number } {
  const tell = `import { readFileSync } from "node:fs";
    process.on("exit", () => {
      const status = readFileSync("/proc/self/status", "utf8");
      process.stderr.write(/VmHWM:\\s+(\\d+)/.exec(status)[1]);
    });`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(tell)}`,
      MAIN,
      "user",
      "list",
      "--json",
    ],
    { env: { COUNTERSIGN_HOME: trial.home }, maxBuffer: 1 << 30, encoding: "utf8" },
  );
  return { bytes: Buffer.byteLength(stdout), peak: Number(stderr) };
}
