/** Drives login-bench, the program in C that logs in through libpam and takes the time. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
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

/** A directory of the run's own, on the disk that is measured, with the compiled parts. */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  readonly program = join(this.path, "login-bench");
  readonly module = join(this.path, "pam_countersign.so");
  /** The PAM services of this run: nothing of /etc is touched. */
  readonly services = join(this.path, "pam.d");

  constructor() {
    mkdirSync(this.services);
    build("make", "-C", MODULE_SOURCES, `OUT=${this.path}`, "all");
    const flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2"];
    build("cc", ...flags, "-o", this.program, join(HERE, "login-bench.c"), "-lpam");
  }

  /** Makes the logins in their order, by as many processes at once. */
  async time(
    mode: Mode,
    place: string,
    logins: readonly Login[],
    { processes = 1, clockFile }: Options = {},
  ): Promise<Timing> {
    const args = [mode, place, `processes=${processes}`];
    if (clockFile) args.push(`clock=${clockFile}`);
    const child = spawn(this.program, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(logins.map(toLine).join(""));
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    if (code !== 0) throw new Error(`login-bench ${mode} ended with ${code}`);
    return parse(output, logins);
  }

  remove(): void {
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
