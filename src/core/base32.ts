/** Base32 without padding (RFC 4648 section 6), as authenticator apps read a secret. */
import { ScureBase32Plugin } from "@otplib/plugin-base32-scure";

const plugin = new ScureBase32Plugin();

export function encodeBase32(bytes: Uint8Array): string {
  return plugin.encode(bytes, { padding: false });
}

/** Throws when the text is not base32. White space, dashes and letter case are ignored. */
export function decodeBase32(text: string): Uint8Array {
  return plugin.decode(text.replace(/[\s-]/g, "").toUpperCase());
}

/** In groups of four, as a person types it. */
export function groupsOfFour(text: string): string {
  return text.replace(/(.{4})(?=.)/g, "$1 ");
}
