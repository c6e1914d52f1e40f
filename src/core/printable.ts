/**
 * Text from outside (user names, rhost, Duo) may carry escape sequences and line breaks:
 * a terminal would obey them and a log would be forged by them (DESIGN.md 6.9).
 */

// C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width marks,
// lone surrogates.
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** The text without control characters, cut to `limit` characters. */
export function printable(text: string, limit = 256): string {
  return [...text.replace(UNPRINTABLE, "")].slice(0, limit).join("");
}

/** True when `printable` would change nothing but the length. */
export function isPrintable(text: string): boolean {
  return text.replace(UNPRINTABLE, "") === text;
}

/** As one word of a line of them: in quotes where it could be taken for several. */
export function asWord(text: string): string {
  const clean = printable(text);
  return /^[\x21\x23-\x3c\x3e-\x7e]+$/.test(clean) ? clean : JSON.stringify(clean);
}
