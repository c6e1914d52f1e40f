/**
 * One run of the command that is killed with SIGKILL: after a time, after so many changes in
 * its home, or at its so-many-th system call that writes, which strace brings about exactly.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, watch } from "node:fs";
import { text } from "node:stream/consumers";
import { ROOT } from "../support/cli.ts";
import { runOrThrow } from "../support/run.ts";

/** When to kill: milliseconds, changes of files, or system calls; never, to measure. */
export interface Moment {
  readonly after: "time" | "changes" | "writes" | "never";
  readonly amount: number;
  /** Of `writes`: the one call that is counted; each of them for itself when absent. */
  readonly call?: string;
}

export interface Killed {
  readonly stdout: string;
  /** Null when it was killed. */
  readonly code: number | null;
  readonly milliseconds: number;
  readonly changes: number;
}

// The launcher in sh is left out: it writes nothing, and its time is only noise.
const COMMAND = [`${ROOT}/node_modules/node/bin/node`, `${ROOT}/dist/main.cjs`];

// Without write(2), which Node wakes its threads with: a fsync or chmod is beside each that counts.
const WRITES = "pwrite64,fsync,fdatasync,ftruncate,fchmod,chmod,unlink,rename,mkdir,fallocate";

/** One system call that writes: strace counts the calls of each name apart. */
export interface WriteCall {
  readonly name: string;
  /** From 1 on, of this name. */
  readonly nth: number;
}

/** How many such calls a run has in its main thread, when it is left alone. */
export async function countWrites(
  home: string,
  args: readonly string[],
  input: string,
): Promise<number> {
  return (await listWrites(home, args, input)).length;
}

/** Those calls, in their order. */
export async function listWrites(
  home: string,
  args: readonly string[],
  input: string,
): Promise<readonly WriteCall[]> {
  const log = `${home}.calls`;
  try {
    const strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-o", log, "-e", `trace=${WRITES}`];
    const env = { PATH: "/usr/bin:/bin", HOME: home, COUNTERSIGN_HOME: home };
    await runOrThrow([...strace, ...COMMAND, ...args], { input, env });
    const calls = [...readFileSync(log, "latin1").matchAll(/^(\d+) +([a-z0-9]+)\(/gm)];
    const threads = [...Map.groupBy(calls, ([, thread]) => thread).values()];
    const [most = []] = threads.sort((one, other) => other.length - one.length);
    const names = most.map(([, , name = ""]) => name);
    return names.map((name, at) => {
      return { name, nth: names.slice(0, at + 1).filter((each) => each === name).length };
    });
  } finally {
    rmSync(log, { force: true });
  }
}

export async function runAndKill(
  home: string,
  args: readonly string[],
  input: string,
  { after, amount, call = WRITES }: Moment,
): Promise<Killed> {
  const inject = `${call}:signal=SIGKILL:when=${amount}`;
  // Without --seccomp-bpf, under which strace 6.1 injects no signal.
  const strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${WRITES}`];
  const argv = [...(after === "writes" ? [...strace, "-e", `inject=${inject}`] : []), ...COMMAND];
  const began = performance.now();
  const child = spawn(argv[0] ?? "", [...argv.slice(1), ...args], {
    env: { PATH: "/usr/bin:/bin", HOME: home, COUNTERSIGN_HOME: home, LANG: "C.UTF-8" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let changes = 0;
  const watcher = watch(home, () => {
    if (++changes === amount && after === "changes") child.kill("SIGKILL");
  });
  const timer =
    after === "time" ? setTimeout(() => child.kill("SIGKILL"), amount) : setTimeout(() => {}, 0);
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  try {
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    return { stdout, code, milliseconds: performance.now() - began, changes };
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}
