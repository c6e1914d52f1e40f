/** Hashing that is slow on purpose: scrypt (RFC 7914), on libuv's threads. */
import { type ScryptOptions, scrypt } from "node:crypto";
import type { ScryptCost, SlowHash } from "../contracts/sealing.ts";
import { Fault } from "../core/fault.ts";

/** 16 MiB and some tens of milliseconds: backup codes have 50 bits of their own. */
export const DEFAULT_COST: ScryptCost = { N: 16_384, r: 8, p: 1 };

/** Output length, in bytes. */
export const SLOW_HASH_BYTES = 32;

/** A cost comes out of the store: one that takes more memory than this is not ours. */
const MEMORY_MAX_BYTES = 256 * 1024 * 1024;

/** @throws Fault `store-corrupt` for a cost that no set was made with */
export const slowHash: SlowHash = async (text, salt, cost) => {
  const { N, r, p } = cost;
  // What scrypt allocates: V of N blocks, B of p blocks and some scratch (RFC 7914 section 6).
  const memory = 128 * r * (N + p + 2);
  const sound = isCount(N) && isCount(r) && isCount(p) && p <= 16 && memory <= MEMORY_MAX_BYTES;
  if (!sound || N < 2 || (N & (N - 1)) !== 0) {
    throw new Fault("store-corrupt", "the cost of a stored hash is out of range");
  }
  return await derive(text, salt, { N, r, p, maxmem: memory + 1024 * 1024 });
};

function derive(text: string, salt: Uint8Array, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(text, salt, SLOW_HASH_BYTES, options, (error, hash) => {
      if (error) reject(new Fault("internal", "scrypt failed", { cause: error }));
      else resolve(hash);
    });
  });
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
