/**
 * What one prompt understands (DESIGN.md 5): the shape of the answer picks the method.
 * Normalizing comes before anything else looks at the answer; otherwise white space makes
 * a used code new (HashiCorp Vault, CVE-2025-6014).
 */
import { BACKUP_CODE_LENGTH, foldCrockford, isCrockford } from "./backup-code.ts";
import { readYubikeyOtp } from "./yubikey-otp.ts";

/** Longest answer that is read at all, in characters; a longer one is malformed. */
export const ANSWER_MAX_LENGTH = 256;

/**
 * `one-time-password`: 6 to 8 digits, which may be a backup code that was imported as well.
 * `backup-code`: as core/backup-code.ts has them.
 * `push`, `phone`, `sms`: the word, and the number of a device, from 1 on, where one is named.
 * `passcode`: the word duo and 6 to 10 digits, or 9 digits, which is no other shape.
 * `browser`, `message`: the word.
 * `yubikey`: what a YubiKey types when it is touched, as core/yubikey-otp.ts has it.
 */
export const SHAPES = [
  "one-time-password",
  "backup-code",
  "push",
  "phone",
  "sms",
  "passcode",
  "browser",
  "message",
  "yubikey",
] as const;
export type Shape = (typeof SHAPES)[number];

/** `code`: what was typed beside the word that names the shape; empty where that is all. */
export type Answer =
  | { readonly shape: Shape; readonly code: string }
  | { readonly shape: "malformed" };

const WORDS = { PUSH: "push", PHONE: "phone", SMS: "sms" } as const;

/** Reads an answer as typed. Only ASCII is a code: a full-width digit is no digit. */
export function readAnswer(typed: string): Answer {
  if (typed.length > ANSWER_MAX_LENGTH) return { shape: "malformed" };
  // Before upper case, which makes ASCII of some letters that are none: of \u0131 and \u017f.
  if (!/^[0-9A-Za-z \t\r\n.-]*$/.test(typed)) return { shape: "malformed" };
  const code = typed.replace(/[ \t\r\n]/g, "").toUpperCase();
  // Longer than all others, and the only one with a dot in it: of a Dvorak keyboard.
  const otp = readYubikeyOtp(code);
  if (otp !== undefined) return { shape: "yubikey", code: otp };
  if (code.includes(".")) return { shape: "malformed" };
  if (/^[0-9]{6,8}$/.test(code)) return { shape: "one-time-password", code };
  // None of these is a backup code: DUO has a letter that those leave out, the others are short.
  const [, word, device = ""] = /^(PUSH|PHONE|SMS)([1-9][0-9]?)?$/.exec(code) ?? [];
  if (word !== undefined) return { shape: WORDS[word as keyof typeof WORDS], code: device };
  if (code === "BROWSER") return { shape: "browser", code: "" };
  if (code === "MESSAGE") return { shape: "message", code: "" };
  const passcode = /^(?:DUO([0-9]{6,10})|([0-9]{9}))$/.exec(code);
  if (passcode) return { shape: "passcode", code: passcode[1] ?? passcode[2] ?? "" };
  const bare = code.replaceAll("-", "");
  if (bare.length === BACKUP_CODE_LENGTH && isCrockford(bare)) {
    return { shape: "backup-code", code: foldCrockford(bare) };
  }
  return { shape: "malformed" };
}
