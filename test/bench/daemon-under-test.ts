/** A real countersignd on a trial's store, watched from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MINIMAL_ENV } from "../support/run.ts";
import { scopeIn } from "./enrolled.ts";

const BUILT = fileURLToPath(new URL("../../dist/daemon.js", import.meta.url));
/** Names its own files and functions, for a profile. */
const SOURCE = fileURLToPath(new URL("../../src/daemon/main.ts", import.meta.url));

/** How the launcher starts it: what its memory is measured with. */
const FLAGS = [
  ...readFileSync(new URL("../../bin/countersignd.js", import.meta.url), "utf8").matchAll(
    / (--max-\S+)/g,
  ),
].map(([, flag]) => String(flag));

/** Date.now reads eight bytes of a file: whoever writes them sets the clock, at once. */
const SET_CLOCK = (file: string): string => `
import { openSync, readSync } from "node:fs";
const fd = openSync(${JSON.stringify(file)}, "r");
const bytes = Buffer.alloc(8);
Date.now = () => {
  readSync(fd, bytes, 0, 8, 0);
  return Number(bytes.readBigInt64LE());
};`;

export interface DaemonOptions {
  /** The daemon's clock is what this file says, which is made here. */
  readonly clockFile?: string;
  /** Directory for a profile of its processor time, written when it ends. */
  readonly profile?: string;
}

export class Daemon {
  readonly #process: ChildProcess;
  readonly socket: string;

  private constructor(child: ChildProcess, socket: string) {
    this.#process = child;
    this.socket = socket;
  }

  static async start(home: string, { clockFile, profile }: DaemonOptions = {}): Promise<Daemon> {
    const args = [...new Set(FLAGS)];
    if (clockFile) {
      writeClock(clockFile, Date.now());
      args.push("--import", `data:text/javascript,${encodeURIComponent(SET_CLOCK(clockFile))}`);
    }
    if (profile) args.push("--cpu-prof", `--cpu-prof-dir=${profile}`);
    const child = spawn(process.execPath, [...args, profile ? SOURCE : BUILT], {
      env: { ...MINIMAL_ENV, COUNTERSIGN_HOME: home },
      stdio: ["ignore", "ignore", "pipe"],
    });
    // Whatever ends the measurement, nothing of it stays.
    process.once("exit", () => child.kill("SIGKILL"));
    let said = "";
    child.stderr.on("data", (bytes) => {
      said += bytes;
    });
    while (!said.includes("listening")) {
      if (child.exitCode !== null) throw new Error(`countersignd did not start: ${said}`);
      await sleep(10);
    }
    return new Daemon(child, scopeIn(home).socketFile);
  }

  /** Resident memory now and at its highest, in MiB: proc(5). */
  memory(): { now: number; peak: number } {
    const status = readFileSync(join("/proc", String(this.#process.pid), "status"), "utf8");
    const kibibytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    return { now: kibibytes("VmRSS") / 1024, peak: kibibytes("VmHWM") / 1024 };
  }

  /** Milliseconds of processor time that the daemon has used: proc(5), at 100 ticks a second. */
  processorTime(): number {
    const stat = readFileSync(join("/proc", String(this.#process.pid), "stat"), "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
  }
}

function writeClock(file: string, milliseconds: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(milliseconds));
  const fd = openSync(file, "w", 0o600);
  writeSync(fd, bytes);
  closeSync(fd);
}
