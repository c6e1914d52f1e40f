/**
 * Limits of this process that are not the login's own: Node raises the number of open files
 * to the utmost, and the launcher forbids core dumps. What is become would inherit both.
 */
import koffi from "koffi";

/** Where the launcher notes them: open files, and blocks of 512 bytes of a core dump. */
const NOTE = "COUNTERSIGN_LIMITS";

const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const BLOCK = 512n;
const UNLIMITED = 0xffff_ffff_ffff_ffffn;

/** Sets the soft limits back to what the launcher found, and takes its note away. */
export function restoreLimits(env: NodeJS.ProcessEnv): void {
  const [files, core] = (env[NOTE] ?? "").split(" ");
  delete env[NOTE];
  restore(RLIMIT_NOFILE, files, 1n);
  restore(RLIMIT_CORE, core, BLOCK);
}

/** A limit that cannot be set is left as it is: it keeps nobody out. */
function restore(resource: number, noted: string | undefined, unit: bigint): void {
  const soft = noted === "unlimited" ? UNLIMITED : amount(noted, unit);
  if (soft === undefined) return;
  const libc = koffi.load("libc.so.6");
  const getrlimit = libc.func("int getrlimit(int, _Out_ uint8_t *)");
  const setrlimit = libc.func("int setrlimit(int, uint8_t *)");
  const limits = Buffer.alloc(16);
  if (getrlimit(resource, limits) !== 0) return;
  new BigUint64Array(limits.buffer, limits.byteOffset, 2)[0] = soft;
  setrlimit(resource, limits);
}

function amount(noted: string | undefined, unit: bigint): bigint | undefined {
  return noted !== undefined && /^\d{1,15}$/.test(noted) ? BigInt(noted) * unit : undefined;
}
