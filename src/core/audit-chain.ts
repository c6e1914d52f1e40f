/**
 * The audit log's chain: each event carries the hash of the one before it, so an altered,
 * removed, inserted or reordered event breaks the chain at its place.
 *
 * The hash is an HMAC under a key derived from the master key: who can write to the store
 * but does not hold the key cannot forge a chain that holds.
 */
import { createHmac, hash } from "node:crypto";
import type { AuditHead } from "./audit-head.ts";
import type { Reason, Verdict } from "./verdict.ts";

export const AUDIT_ACTIONS = [
  "init",
  "verify",
  "enroll-begin",
  "enroll-confirm",
  "enroll-cancel",
  "resync",
  "token-remove",
  "invite-create",
  "invite-use",
  "invite-revoke",
  "reset",
  "backup-codes-generate",
  "backup-codes-revoke",
  "user-disable",
  "user-enable",
  "user-unlock",
  "user-alias",
  "session-revoke",
  "user-prefer",
  "user-message",
  "method-secret-set",
  "method-purge",
  "import",
  "settings-set",
  "settings-unset",
  "audit-key",
  "audit-rotate",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What happened. Absent fields are null, so that the hashed form has one spelling. */
export interface AuditEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly action: AuditAction;
  /** The account acted on; null for the host's settings. */
  readonly user: string | null;
  /** Of a verification or of a confirmation that was refused; null for what was done. */
  readonly verdict: Verdict | null;
  readonly reason: Reason | null;
  readonly method: string | null;
  readonly service: string | null;
  readonly rhost: string | null;
  readonly tty: string | null;
  /** Who asked: `uid:login`. */
  readonly caller: string;
  /** Further words for people, such as the name of a setting; never a secret. */
  readonly detail: string | null;
}

/** An event in its place. */
export interface AuditRecord extends AuditEvent {
  /** 1, 2, 3 … without gaps. */
  readonly sequence: number;
  readonly previousHash: string;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** The record that follows `head`. */
export function chain(key: Uint8Array, head: AuditHead, event: AuditEvent): AuditRecord {
  const sequence = head.sequence + 1;
  const hash = hashOf(key, sequence, head.hash, event);
  return { ...event, sequence, previousHash: head.hash, hash };
}

/** What is wrong with a record that should follow a place. */
export type ChainFault = "missing" | "reordered" | "altered";

/** What is wrong with a record that should follow `head`; undefined when nothing is. */
export function breakAt(
  key: Uint8Array,
  head: AuditHead,
  record: AuditRecord,
): ChainFault | undefined {
  return breakBy((form) => hmac(key, form), head, record);
}

/** The same for many records. `close` it: it holds the key. */
export class ChainReader {
  readonly #mac: FastMac;

  constructor(key: Uint8Array) {
    this.#mac = new FastMac(key);
  }

  breakAt(head: AuditHead, record: AuditRecord): ChainFault | undefined {
    return breakBy((form) => this.#mac.of(form), head, record);
  }

  close(): void {
    this.#mac.close();
  }
}

function breakBy(
  mac: (form: string) => string,
  head: AuditHead,
  record: AuditRecord,
): ChainFault | undefined {
  if (record.sequence > head.sequence + 1) return "missing";
  if (record.sequence <= head.sequence || record.previousHash !== head.hash) return "reordered";
  const expected = mac(formOf(record.sequence, head.hash, record));
  return record.hash === expected ? undefined : "altered";
}

function hashOf(key: Uint8Array, sequence: number, previous: string, event: AuditEvent): string {
  return hmac(key, formOf(sequence, previous, event));
}

function hmac(key: Uint8Array, form: string): string {
  return createHmac("sha256", key).update(form).digest("hex");
}

function formOf(sequence: number, previous: string, event: AuditEvent): string {
  const { at, action, user, verdict, reason, method, service, rhost, tty, caller, detail } = event;
  // JSON quotes every field: no value can run into its neighbour.
  return JSON.stringify([
    sequence,
    previous,
    at,
    action,
    user,
    verdict,
    reason,
    method,
    service,
    rhost,
    tty,
    caller,
    detail,
  ]);
}

/** Of SHA-256 (RFC 2104): its block and its output, in bytes. */
const BLOCK = 64;
const OUTPUT = 32;

/**
 * HMAC-SHA-256 by two hashes and without an object for each: half of what createHmac takes,
 * where millions of events are waited for.
 */
class FastMac {
  #inner = Buffer.alloc(BLOCK + 4096);
  readonly #outer = Buffer.alloc(BLOCK + OUTPUT);

  /** @param key at most as long as a block */
  constructor(key: Uint8Array) {
    for (let at = 0; at < BLOCK; at++) {
      this.#inner[at] = (key[at] ?? 0) ^ 0x36;
      this.#outer[at] = (key[at] ?? 0) ^ 0x5c;
    }
  }

  of(text: string): string {
    const room = BLOCK + 3 * text.length;
    if (room > this.#inner.length) this.#grow(room);
    const end = BLOCK + this.#inner.write(text, BLOCK);
    // latin1: a byte a character, and no buffer to be made for 32 of them.
    this.#outer.write(hash("sha256", this.#inner.subarray(0, end), "latin1"), BLOCK, "latin1");
    return hash("sha256", this.#outer, "hex");
  }

  close(): void {
    this.#inner.fill(0);
    this.#outer.fill(0);
  }

  #grow(room: number): void {
    const larger = Buffer.alloc(room);
    this.#inner.copy(larger, 0, 0, BLOCK);
    this.#inner.fill(0);
    this.#inner = larger;
  }
}
