/**
 * What a program that is become inherits, as this process was given it: Node raises the number
 * of open files to the utmost and may make standard streams non-blocking; the launcher forbids
 * core dumps.
 */
import { readFileSync } from "node:fs";
import { libc } from "../terminal/libc.ts";

/** Where the launcher notes the limits: open files, and blocks of 512 bytes of a core dump. */
const NOTE = "COUNTERSIGN_LIMITS";

const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const BLOCK = 512n;
const UNLIMITED = 0xffff_ffff_ffff_ffffn;

const F_SETFL = 4;
/** Of an open file, and not of its descriptor. */
const O_CLOEXEC = 0o2000000;

/**
 * Notes limits and streams, and takes the launcher's note out of the environment.
 * @returns what restores them, as the last thing before execve(2)
 */
export function noteInherited(env: NodeJS.ProcessEnv): () => void {
  const [files, core] = (env[NOTE] ?? "").split(" ");
  delete env[NOTE];
  const streams = [0, 1, 2].map((fd) => [fd, flagsOf(fd)] as const);
  return () => {
    restoreLimit(RLIMIT_NOFILE, files, 1n);
    restoreLimit(RLIMIT_CORE, core, BLOCK);
    // Last: the call of a limit is what changes them.
    for (const [fd, flags] of streams) restoreFlags(fd, flags);
  };
}

/** A limit that cannot be set is left as it is: it keeps nobody out. */
function restoreLimit(resource: number, noted: string | undefined, unit: bigint): void {
  const soft = noted === "unlimited" ? UNLIMITED : amount(noted, unit);
  if (soft === undefined) return;
  const getrlimit = libc().func("int getrlimit(int, _Out_ uint8_t *)");
  const setrlimit = libc().func("int setrlimit(int, uint8_t *)");
  const limits = Buffer.alloc(16);
  if (getrlimit(resource, limits) !== 0) return;
  new BigUint64Array(limits.buffer, limits.byteOffset, 2)[0] = soft;
  setrlimit(resource, limits);
}

function amount(noted: string | undefined, unit: bigint): bigint | undefined {
  return noted !== undefined && /^\d{1,15}$/.test(noted) ? BigInt(noted) * unit : undefined;
}

function restoreFlags(fd: number, flags: number): void {
  if (flagsOf(fd) === flags) return;
  const fcntl = libc().func("int fcntl(int, int, ...)");
  fcntl(fd, F_SETFL, "int", flags);
}

/** proc(5): octal. */
function flagsOf(fd: number): number {
  const told = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  return Number.parseInt(told ?? "0", 8) & ~O_CLOEXEC;
}
