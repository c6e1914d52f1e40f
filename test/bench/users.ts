/**
 * user list of a store with a million users: time to the first row and to the last, and the
 * memory of whoever reads the store. As a command in process, and through a daemon.
 *
 *   node_modules/.bin/node test/bench/users.ts [USERS]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { enrollMany, nameOf, scopeIn } from "./enrolled.ts";
import { median, milliseconds, print, row } from "./measure.ts";

const USERS = Number(process.argv[2] ?? 1_000_000);
const GOAL = 200;
const ROUNDS = 5;
const COMMAND = fileURLToPath(new URL("../../bin/countersign.js", import.meta.url));
const DAEMON = fileURLToPath(new URL("../../bin/countersignd.js", import.meta.url));

/** What is asked for, and whether only so much of it is read. */
const LISTS: readonly (readonly [string, readonly string[]])[] = [
  ["everybody", []],
  ["everybody, --json", ["--json"]],
  ["--sort last-used", ["--sort", "last-used"]],
  ["--stale 30", ["--stale", "30"]],
  ["--status disabled (10)", ["--status", "disabled"]],
  ["last page, by name", ["--limit", "100", "--after", nameOf(USERS - 100)]],
  ["last page, by last use", ["--sort", "last-used", "--limit", "100", "--after", nameOf(7)]],
];

const home = mkdtempSync(join(tmpdir(), "countersign-bench-"));
const env = { PATH: process.env.PATH, COUNTERSIGN_HOME: home, HOME: home };
try {
  const start = performance.now();
  await enrollMany(home, USERS);
  spread();
  print(`${USERS} users written in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  await measureAll("in process");
  const daemon = await startDaemon();
  await measureAll("through a daemon");
  print(row("the daemon's peak memory", "", "", "", `${peakOf(daemon.pid)} MiB`));
  daemon.kill("SIGTERM");
  await once(daemon, "exit");
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Last uses over sixty days, some never; ten of them disabled. */
function spread(): void {
  const database = new DatabaseSync(scopeIn(home).storeFile);
  database.exec(`PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;
    UPDATE authenticators SET
      last_used_at = created_at - 1000 * ((CAST(substr(account, 5) AS INTEGER) * 7919) % 5184000),
      enrolled_at = created_at - 5184000000
    WHERE CAST(substr(account, 5) AS INTEGER) % 10 > 0;
    UPDATE accounts SET disabled_at = created_at
    WHERE CAST(substr(name, 5) AS INTEGER) % ${Math.floor(USERS / 10)} = 1;
    PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
}

async function measureAll(how: string): Promise<void> {
  print(row(how, "first row", "goal", "last row", "memory", "rows"));
  for (const [name, args] of LISTS) {
    const first: number[] = [];
    for (let round = 0; round < ROUNDS; round++) first.push((await list(args, true)).first);
    const whole = await list(args, false);
    print(
      row(
        name,
        milliseconds(median(first)),
        `${GOAL} ms`,
        `${(whole.last / 1000).toFixed(2)} s`,
        `${whole.peak} MiB`,
        `${whole.rows}`,
      ),
    );
  }
}

/** One list, from the start of the process on; ended after its first row, or read to its end. */
async function list(args: readonly string[], isCut: boolean) {
  const start = performance.now();
  const child = spawn(process.execPath, [COMMAND, "user", "list", ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const seen = { first: Number.NaN, last: 0, rows: 0, peak: 0 };
  for await (const bytes of child.stdout) {
    seen.peak = peakOf(child.pid) || seen.peak;
    if (Number.isNaN(seen.first)) seen.first = performance.now() - start;
    for (const byte of bytes as Buffer) if (byte === 0x0a) seen.rows++;
    if (isCut) break;
  }
  child.stdout.destroy();
  await exit;
  seen.last = performance.now() - start;
  return seen;
}

/** VmHWM of proc(5), in MiB; 0 once it has ended. */
function peakOf(pid: ChildProcess["pid"]): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

async function startDaemon(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [DAEMON], { env, stdio: ["ignore", "ignore", "pipe"] });
  for await (const bytes of child.stderr ?? []) if (`${bytes}`.includes("listening")) break;
  return child;
}
