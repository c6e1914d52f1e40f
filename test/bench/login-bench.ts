/** Drives login-bench, the program in C that logs in through libpam and takes the time. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const MODULE_SOURCES = fileURLToPath(new URL("../../src/pam", import.meta.url));

/** One login to make. */
export interface Login {
  /** Name of the PAM service. */
  readonly service: string;
  readonly user: string;
  readonly code: string;
  /** What the daemon's clock is set to before, in milliseconds; 0 leaves it. */
  readonly clock: number;
}

/** What came of it; times in milliseconds. */
export interface Outcome extends Login {
  readonly isIn: boolean;
  /** From pam_start to pam_end. */
  readonly whole: number;
  /** pam_authenticate alone. */
  readonly authenticate: number;
}

export interface Timing {
  readonly outcomes: readonly Outcome[];
  /** Milliseconds from the first login's start to the last one's end. */
  readonly wall: number;
}

export type Mode = "pam" | "socket" | "connect" | "round-trip";

export interface Options {
  readonly processes?: number;
  readonly clockFile?: string;
}

/**
 * Runs the rest of its arguments where /dev/log is $1. A host without a log daemon is none that
 * people log in to: syslog(3) would write to the console there, which takes milliseconds.
 */
const WITH_LOG = `
set -e
mount -t tmpfs -o mode=755 tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/urandom c 1 9
ln -s "$1" /dev/log
shift
exec "$@"`;

/** A directory of the run's own, on the disk that is measured, with the compiled parts. */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  readonly program = join(this.path, "login-bench");
  readonly module = join(this.path, "pam_countersign.so");
  /** The PAM services of this run: nothing of /etc is touched. */
  readonly services = join(this.path, "pam.d");

  readonly #logSocket = join(this.path, "log");
  readonly #log: ChildProcess | undefined;

  /** @param hasLog false for logins as a host without a log daemon would have them */
  private constructor(hasLog: boolean) {
    process.once("exit", () => this.remove());
    mkdirSync(this.services);
    // Without it, libpam would log at each login that it is not there.
    writeFileSync(join(this.services, "other"), "");
    build("make", "-C", MODULE_SOURCES, `OUT=${this.path}`, "all");
    const flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2"];
    build("cc", ...flags, "-o", this.program, join(HERE, "login-bench.c"), "-lpam");
    if (!hasLog) return;
    this.#log = spawn(this.program, ["log", this.#logSocket], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  static async open({ hasLog = true } = {}): Promise<Workshop> {
    const workshop = new Workshop(hasLog);
    const output = workshop.#log?.stdout;
    if (output) await once(output, "data");
    return workshop;
  }

  /** Makes the logins in their order, by as many processes at once. */
  async time(
    mode: Mode,
    place: string,
    logins: readonly Login[],
    { processes = 1, clockFile }: Options = {},
  ): Promise<Timing> {
    const argv = [this.program, mode, place, `processes=${processes}`];
    if (clockFile) argv.push(`clock=${clockFile}`);
    const [command = "", ...args] = mode === "pam" ? this.#withLog(argv) : argv;
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    // One that ends early closes the pipe; its exit status tells of it.
    child.stdin.on("error", () => undefined);
    child.stdin.end(logins.map(toLine).join(""));
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    if (code !== 0) throw new Error(`login-bench ${mode} ended with ${code}`);
    return parse(output, logins);
  }

  #withLog(argv: readonly string[]): readonly string[] {
    if (!this.#log) return argv;
    const shell = ["sh", "-c", WITH_LOG, "with-log", this.#logSocket];
    return ["unshare", "-m", "--propagation", "private", ...shell, ...argv];
  }

  remove(): void {
    this.#log?.stdin?.end();
    rmSync(this.path, { recursive: true, force: true });
  }
}

function build(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status === 0) return;
  throw new Error(`${command} failed; on Debian: apt-get install make gcc libpam0g-dev`, {
    cause: error,
  });
}

function toLine({ service, user, code, clock }: Login): string {
  return `${service} ${user} ${code} ${clock}\n`;
}

function parse(output: string, logins: readonly Login[]): Timing {
  const [first = "", ...lines] = output.trim().split("\n");
  const outcomes = logins.map((login, index) => {
    const [isIn, whole, authenticate] = (lines[index] ?? "").split(" ").map(Number);
    if (isIn === undefined || whole === undefined || authenticate === undefined) {
      throw new Error("login-bench printed too little");
    }
    return { ...login, isIn: isIn === 1, whole: whole / 1e6, authenticate: authenticate / 1e6 };
  });
  return { outcomes, wall: Number(first.split(" ")[1]) / 1e6 };
}
