/** The master key as text: one line, `countersign-key-1 BASE64`, in a file or a keyring. */
import { MASTER_KEY_BYTES } from "../contracts/key-provider.ts";
import { Fault } from "../core/fault.ts";

/** Larger than any key; a file beyond it is refused unread. */
export const KEY_TEXT_MAX_BYTES = 256;

const FORM = /^countersign-key-1 ([A-Za-z0-9+/]{43}=)\n$/;

/** @throws Fault `key-invalid` for a key of another length */
export function formatKey(key: Uint8Array): string {
  if (key.length !== MASTER_KEY_BYTES) {
    throw new Fault("key-invalid", `a master key has ${MASTER_KEY_BYTES} bytes`);
  }
  return `countersign-key-1 ${Buffer.from(key).toString("base64")}\n`;
}

/**
 * The key, or a fault that names the place and never what is there.
 * @throws Fault `key-invalid`
 */
export function parseKey(text: string, place: string): Buffer {
  const base64 = FORM.exec(text)?.[1];
  const decoded = Buffer.from(base64 ?? "", "base64");
  // Out of Buffer's shared pool, so that zeroing the key zeroes its only copy.
  const key = Buffer.alloc(MASTER_KEY_BYTES);
  decoded.copy(key);
  decoded.fill(0);
  // One key has one spelling: base64 with stray bits at its end is not ours.
  if (base64 !== undefined && key.toString("base64") === base64) return key;
  key.fill(0);
  throw new Fault("key-invalid", `${place} does not hold a countersign master key`, {
    hint: "put the saved copy of the key back",
  });
}
