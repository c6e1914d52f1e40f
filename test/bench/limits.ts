/** What no verifier on this machine could beat: a line through a socket, a commit on disk. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Login, Mode, Timing, Workshop } from "./login-bench.ts";
import { median, percentile } from "./measure.ts";

/** Median times in milliseconds. */
export interface Limits {
  readonly roundTrip: Echo;
  /** Connection, one line there and back, its end. */
  readonly connection: Echo;
  /** One row, written and synced: journal_mode WAL, synchronous FULL. */
  readonly commit: { readonly p50: number; readonly p99: number };
  /** A row, where as many as log in at once share a commit. */
  readonly sharedCommit: number;
  /** Connections a second that an echo server in Node serves to as many clients at once. */
  readonly connectionsPerSecond: number;
}

interface Echo {
  readonly inC: number;
  readonly inNode: number;
}

const TRIES = 2000;

export async function measureLimits(workshop: Workshop, atOnce: number): Promise<Limits> {
  const c = await withEchoInC(workshop, (path) => bothWays(workshop, path));
  const node = await withEchoInNode(workshop, async (path) => ({
    ...(await bothWays(workshop, path)),
    crowd: await workshop.time("connect", path, tries(TRIES * 5), { processes: atOnce }),
  }));
  const commits = commitTimes(workshop, 1, TRIES / 2);
  return {
    roundTrip: { inC: c.roundTrip, inNode: node.roundTrip },
    connection: { inC: c.connection, inNode: node.connection },
    commit: { p50: median(commits), p99: percentile(commits, 0.99) },
    sharedCommit: median(commitTimes(workshop, atOnce, 200)) / atOnce,
    connectionsPerSecond: perSecond(node.crowd),
  };
}

/** Those let in, a second. */
export function perSecond({ outcomes, wall }: Timing): number {
  return outcomes.filter(({ isIn }) => isIn).length / (wall / 1000);
}

async function bothWays(
  workshop: Workshop,
  path: string,
): Promise<{ roundTrip: number; connection: number }> {
  const middle = async (mode: Mode): Promise<number> => {
    const { outcomes } = await workshop.time(mode, path, tries(TRIES));
    if (outcomes.some(({ isIn }) => !isIn)) throw new Error(`${mode}: the echo is not the line`);
    return median(outcomes.map(({ whole }) => whole));
  };
  return { roundTrip: await middle("round-trip"), connection: await middle("connect") };
}

function tries(count: number): Login[] {
  return Array.from({ length: count }, () => ({ service: "-", user: "-", code: "-", clock: 0 }));
}

async function withEchoInC<T>(workshop: Workshop, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(workshop.path, "echo-c");
  return whileServing([workshop.program, "echo", path], () => use(path));
}

/** In a process of its own, as the daemon is: `server` runs there. */
async function withEchoInNode<T>(
  workshop: Workshop,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(workshop.path, "echo-node");
  const program = `(${echoServer})(require("node:net").createServer, ${JSON.stringify(path)})`;
  return whileServing([process.execPath, "-e", program], () => use(path));
}

/** A server says something once it listens, and ends with its input. */
async function whileServing<T>(argv: readonly string[], use: () => Promise<T>): Promise<T> {
  const [command = "", ...args] = argv;
  const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  await once(server.stdout, "data");
  try {
    return await use();
  } finally {
    const ended = once(server, "exit");
    server.stdin.end();
    await ended;
  }
}

/** Sent as text to another Node: it knows nothing but its arguments. */
function echoServer(create: typeof createServer, path: string): void {
  const server = create((socket) => {
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("error", () => socket.destroy());
  });
  server.listen({ path, backlog: 4096 }, () => process.stdout.write("listening\n"));
  process.stdin.resume().on("end", () => process.exit());
}

/** Milliseconds of each commit of so many rows. */
export function commitTimes(workshop: Workshop, rows: number, commits: number): number[] {
  const database = new DatabaseSync(join(workshop.path, `commits-${rows}.db`));
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, value TEXT) STRICT");
    const insert = database.prepare("INSERT INTO t (value) VALUES (?)");
    return Array.from({ length: commits }, () => {
      const start = performance.now();
      database.exec("BEGIN IMMEDIATE");
      for (let row = 0; row < rows; row++) insert.run("x".repeat(200));
      database.exec("COMMIT");
      return performance.now() - start;
    });
  } finally {
    database.close();
  }
}
