/**
 * Messages by a program of the host's, for any gateway there is: no shell, nothing of the
 * environment, and never longer than its time. It gets the text on standard input; what it says
 * goes nowhere, however much it is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { errnoOf, type Fault } from "../core/fault.ts";
import type { Line } from "./line.ts";
import { messageFault } from "./message-fault.ts";
import type { Program } from "./set-up.ts";

/** Stands for the address in an argument. */
export const ADDRESS = "{address}";

/** Milliseconds. */
export interface ProgramLimits {
  readonly time: number;
  /** Between being asked to end and being ended. */
  readonly grace: number;
}

export const PROGRAM_LIMITS: ProgramLimits = { time: 20_000, grace: 2_000 };

/** Reads nothing, does nothing, and takes as long to start: for who has no address. */
const IDLE = { file: "/bin/true", args: [] };

const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C.UTF-8",
};

/** @throws Fault as `check` */
export function openProgram(program: Program, signal: AbortSignal, limits = PROGRAM_LIMITS): Line {
  program.check();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  return {
    send: (address, text) => {
      const args = program.args.map((each) => each.replaceAll(ADDRESS, address));
      return run({ ...program, args }, text, either, limits);
    },
    pretend: (text) => run(IDLE, text, either, limits),
    close: () => stop.abort(),
  };
}

type Started = Pick<Program, "file" | "args">;

async function run(
  { file, args }: Started,
  text: string,
  signal: AbortSignal,
  { time, grace }: ProgramLimits,
): Promise<void> {
  if (signal.aborted) return;
  const child = asOneUser((identity) =>
    spawn(file, [...args], {
      ...{ cwd: "/", env: ENVIRONMENT, stdio: ["pipe", "ignore", "ignore"] },
      // A group of its own, so that what it starts ends with it.
      detached: true,
      ...identity,
    }),
  );
  let isLate = false;
  const timers = [
    setTimeout(() => {
      isLate = true;
      end(child, "SIGTERM");
    }, time),
    setTimeout(() => end(child, "SIGKILL"), time + grace),
  ];
  // The login is over, and this process may become a shell next: nobody is left to wait for it.
  const leave = (): void => end(child, "SIGKILL");
  signal.addEventListener("abort", leave, { once: true });
  try {
    // One that ends without reading says so by its status.
    child.stdin?.on("error", () => undefined).end(`${text}\n`);
    const [status, by] = await once(child, "exit");
    if (isLate) throw failed("took too long and was ended");
    if (status !== 0) throw failed(by ? `was ended by ${by}` : `failed with status ${status}`);
  } catch (error) {
    if (child.pid === undefined) throw notStarted(error);
    throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", leave);
    // What it left behind would gather, one for each login.
    end(child, "SIGKILL");
    child.stdin?.destroy();
  }
}

function end({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended, and all that it started.
  }
}

/**
 * As root that acts as another user, who would keep a way back: a shell takes the real uid for
 * its own and would run as root. So root starts it, as that user in all.
 */
function asOneUser(
  start: (identity: { uid?: number; gid?: number }) => ChildProcess,
): ChildProcess {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  if (uid === 0 || process.getuid?.() !== 0) return start({});
  process.seteuid?.(0);
  try {
    return start({ uid, gid });
  } finally {
    process.seteuid?.(uid);
  }
}

const HINT = "try the program of message.command by hand; man countersign.json";

function failed(how: string): Fault {
  return messageFault("refused", `the program that sends messages ${how}`, HINT);
}

function notStarted(error: unknown): Fault {
  const errno = errnoOf(error);
  const why = errno === undefined ? "" : ` (${errno})`;
  return messageFault(
    "unreachable",
    `the program that sends messages cannot be started${why}`,
    HINT,
  );
}
