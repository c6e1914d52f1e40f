/** Sealing at rest, and hashing of backup codes: what the engine needs of the master key. */
import type { Cell } from "../core/cells.ts";

export interface Sealer {
  seal(plain: Uint8Array, cell: Cell): Uint8Array;
  /**
   * The plaintext; the caller zeroes it after use.
   * @throws Fault `sealed-corrupt` when it was altered, moved, or sealed under another key
   */
  open(sealed: Uint8Array, cell: Cell): Buffer;
  /**
   * A keyed digest that binds these bytes to their cell, 32 bytes: who writes to the store
   * and does not hold the key cannot make one.
   */
  bind(bytes: Uint8Array, cell: Cell): Buffer;
  /** The key of the audit chain. */
  readonly auditKey: Uint8Array;
  /** Forgets every key. */
  close(): void;
}

/** Cost of scrypt (RFC 7914 section 2): N, r and p. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A hash that is slow on purpose; it runs off the main thread. */
export type SlowHash = (text: string, salt: Uint8Array, cost: ScryptCost) => Promise<Buffer>;
