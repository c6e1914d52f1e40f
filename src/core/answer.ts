/**
 * What one prompt understands (DESIGN.md 5): the shape of the answer picks the method.
 * Normalizing comes before anything else looks at the answer; otherwise white space makes
 * a used code new (HashiCorp Vault, CVE-2025-6014).
 */
import { BACKUP_CODE_LENGTH, foldCrockford, isCrockford } from "./backup-code.ts";

/** Longest answer that is read at all, in characters; a longer one is malformed. */
export const ANSWER_MAX_LENGTH = 256;

export type Answer =
  | { readonly shape: "one-time-password"; readonly code: string }
  | { readonly shape: "backup-code"; readonly code: string }
  | { readonly shape: "malformed" };

/** Reads an answer as typed. Only ASCII is a code: a full-width digit is no digit. */
export function readAnswer(typed: string): Answer {
  if (typed.length > ANSWER_MAX_LENGTH) return { shape: "malformed" };
  // Before upper case, which makes ASCII of some letters that are none: of \u0131 and \u017f.
  if (!/^[0-9A-Za-z \t\r\n-]*$/.test(typed)) return { shape: "malformed" };
  const code = typed.replace(/[ \t\r\n]/g, "").toUpperCase();
  if (/^[0-9]{6,8}$/.test(code)) return { shape: "one-time-password", code };
  const bare = code.replaceAll("-", "");
  if (bare.length === BACKUP_CODE_LENGTH && isCrockford(bare)) {
    return { shape: "backup-code", code: foldCrockford(bare) };
  }
  return { shape: "malformed" };
}
