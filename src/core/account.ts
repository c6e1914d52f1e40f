/** The account is PAM_USER or the name of the kernel's uid, and nothing else (DESIGN.md 6.7). */
import { createHash } from "node:crypto";
import { isPrintable } from "./printable.ts";

/** Longest account name, in bytes of UTF-8: LOGIN_NAME_MAX on Linux. */
export const ACCOUNT_MAX_BYTES = 256;

/**
 * True when the name can be an account of this host.
 *
 * U+FFFD is refused because it stands for bytes that were not UTF-8: two different names
 * would become one. Slash and colon cannot stand in a passwd entry, a leading dash would
 * be read as an option, and white space at the ends is a second spelling of another name.
 */
export function isAccount(name: string): boolean {
  if (name === "" || Buffer.byteLength(name) > ACCOUNT_MAX_BYTES) return false;
  if (name.startsWith("-") || name === "." || name === "..") return false;
  return isPrintable(name) && !/[\ufffd/:]/u.test(name) && name === name.trim();
}

/** True for what can be a name at a service such as Duo: an address of mail, often. */
export function isAlias(name: string): boolean {
  return /^.{1,256}$/u.test(name) && isPrintable(name) && name === name.trim();
}

/** True for what can be told a user: one line. */
export function isMessage(text: string): boolean {
  return /^.{1,200}$/u.test(text) && isPrintable(text) && text === text.trim();
}

/** Longest throttle key, in UTF-16 code units: made-up names are not to fill the store. */
const KEY_MAX_LENGTH = 64;

/**
 * The key under which attempts are counted: every spelling of a name shares one counter
 * (Authelia, CVE-2025-24806), though only the exact name has authenticators.
 *
 * Through both cases and back, and with one sigma, since a letter may have two small or
 * two large forms; normalized at the end as well, for letters that only then are neighbours.
 */
export function throttleKey(name: string): string {
  const key = name
    .normalize("NFKC")
    .replace(/[\s\u200b-\u200f\ufeff]/gu, "")
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll("ς", "σ")
    .normalize("NFKC");
  return key.length <= KEY_MAX_LENGTH ? key : createHash("sha256").update(key).digest("hex");
}
