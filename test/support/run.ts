/** Runs one program to its end, as a test sees it: what it wrote and how it ended. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** Where programs are found; a test's own PATH may lack the system ones. */
export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A login's environment at its smallest. */
export const MINIMAL_ENV: Readonly<Record<string, string>> = { PATH, LANG: "C.UTF-8" };

export interface RunOptions {
  /** Standard input; it is at its end at once when absent. */
  readonly input?: string | Uint8Array;
  /** The whole environment; the minimal one when absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds; then the program and its children are killed, and the run is an error. */
  readonly timeout?: number;
}

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const [command = "", ...args] = argv;
  // In a process group of its own, so that a timeout ends its children too.
  const child = spawn(command, args, {
    detached: true,
    env: options.env ?? MINIMAL_ENV,
    cwd: options.cwd,
  });
  const limit = options.timeout ?? 20_000;
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, limit);
  // A program that does not read its input closes the pipe: EPIPE is no failure of the test.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  try {
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    if (expired) throw new Error(`${command} took over ${limit} ms\n${stdout}${stderr}`);
    return { stdout, stderr, code, signal };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs it and expects success: for set-up, where a failure is the test's own. */
export async function runOrThrow(argv: readonly string[], options?: RunOptions): Promise<Run> {
  const ended = await run(argv, options);
  if (ended.code === 0) return ended;
  throw new Error(`${argv.join(" ")} ended with ${ended.code ?? ended.signal}\n${ended.stderr}`);
}
