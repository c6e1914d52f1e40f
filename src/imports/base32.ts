/** Base32 as authenticator apps read it: bits that make no whole byte are left over. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Undefined when a character is none of base32; letter case does not count. */
export function bytesOfBase32(text: string): Uint8Array<ArrayBuffer> | undefined {
  // First, for there are letters outside ASCII whose capitals are within it.
  if (!/^[A-Za-z2-7]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text.toUpperCase()) {
    buffer = ((buffer << 5) | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 0xff;
    }
  }
  return bytes;
}
