/** Scratch codes of a google-authenticator state file: single-use codes of eight digits. */
import { Misfit } from "./misfit.ts";

/** The program itself makes ten at most; each costs a slow hash here. */
export const MOST_SCRATCH_CODES = 100;

export interface ScratchCodes {
  /** Each once. */
  readonly codes: readonly string[];
  /** The line from which on the module reads no more, from 1; undefined when it reads all. */
  readonly unread: number | undefined;
}

/**
 * What follows the first line, without the lines of options, up to the first that is no
 * scratch code: whatever stands below that, the module does not let in.
 *
 * @throws Misfit when there are more than anybody was given
 */
export function readScratchCodes(text: string): ScratchCodes {
  const codes = new Set<string>();
  // As strtoul(3) reads: white space, a sign and zeros may stand before it.
  const code = /\s*\+?0*([1-9][0-9]{7})(?=[\r\n]|$)/y;
  for (let at = endOfLine(text, 0); ; ) {
    while (text[at] === "\r" || text[at] === "\n") at++;
    if (at >= text.length) return { codes: [...codes], unread: undefined };
    if (text[at] === '"') {
      at = endOfLine(text, at);
      continue;
    }
    code.lastIndex = at;
    const found = code.exec(text)?.[1];
    if (found === undefined) {
      return { codes: [...codes], unread: text.slice(0, at).split("\n").length };
    }
    codes.add(found);
    if (codes.size > MOST_SCRATCH_CODES) {
      throw new Misfit(`more than ${MOST_SCRATCH_CODES} scratch codes`);
    }
    at = code.lastIndex;
  }
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
