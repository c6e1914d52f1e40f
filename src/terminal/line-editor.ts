/**
 * One line as a person types it: the least editing that serves, and a bound on its length.
 * Pure: characters in, a line out.
 */

/**
 * Characters that are kept: an address that a browser ended at is a line too. What comes beyond
 * is counted and dropped.
 */
export const LINE_MAX = 2048;

/** Stands for what was dropped. It is in no code and no name, so a cut line is never valid. */
const CUT = "\ufffd";

export interface LineEnd {
  readonly kind: "entered" | "cancelled" | "end-of-input";
  /** What was typed ahead, after the end of the line. */
  readonly rest: string;
}

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const CTRL_W = "\u0017";
const CTRL_BACKSLASH = "\u001c";
const ESCAPE = "\u001b";
const BACKSPACES = ["\b", "\u007f"];

export class LineEditor {
  #characters: string[] = [];
  #dropped = 0;
  /** Inside a key's escape sequence (ECMA-48 5.4), such as an arrow or a paste marker. */
  #sequence: "none" | "escape" | "csi" | "ss3" = "none";

  /** The line so far; longer than any valid answer when something was dropped. */
  get text(): string {
    return this.#characters.join("") + (this.#dropped > 0 ? CUT : "");
  }

  /** Takes input as decoded; returns the line's end once it has come. */
  take(input: string): LineEnd | undefined {
    let at = 0;
    for (const character of input) {
      at += character.length;
      const kind = this.#inSequence(character) ? undefined : this.#takeOne(character);
      if (kind) return { kind, rest: restAfter(input, at) };
    }
    return undefined;
  }

  #takeOne(character: string): LineEnd["kind"] | undefined {
    if (character === "\r" || character === "\n") return "entered";
    if (character === CTRL_C || character === CTRL_BACKSLASH) return "cancelled";
    if (character === CTRL_D) return this.#isEmpty() ? "end-of-input" : undefined;
    if (character === ESCAPE) this.#sequence = "escape";
    else if (BACKSPACES.includes(character)) this.#backspace();
    else if (character === CTRL_U) this.#clear();
    else if (character === CTRL_W) this.#eraseWord();
    else if (character === "\t") this.#add(" ");
    // Keys without a meaning here (Ctrl-Z, Ctrl-A, NUL …) do nothing, as in any line editor.
    else if (character >= " ") this.#add(character);
    return undefined;
  }

  /** True when the character belongs to an escape sequence, which types nothing. */
  #inSequence(character: string): boolean {
    const state = this.#sequence;
    if (state === "none") return false;
    // A control character breaks a sequence off: Ctrl-C works in the middle of one.
    if (character < " ") {
      this.#sequence = "none";
      return false;
    }
    if (state === "escape") {
      this.#sequence = character === "[" ? "csi" : character === "O" ? "ss3" : "none";
      // After a lone Escape key, typing goes on as if nothing had been.
      return this.#sequence !== "none";
    }
    const isFinal = state === "ss3" || (character >= "@" && character <= "~");
    if (isFinal) this.#sequence = "none";
    return true;
  }

  #isEmpty(): boolean {
    return this.#characters.length === 0 && this.#dropped === 0;
  }

  #add(character: string): void {
    if (this.#characters.length < LINE_MAX) this.#characters.push(character);
    else this.#dropped++;
  }

  #backspace(): void {
    if (this.#dropped > 0) this.#dropped--;
    else this.#characters.pop();
  }

  #clear(): void {
    this.#characters = [];
    this.#dropped = 0;
  }

  #eraseWord(): void {
    // Where the word began is not known any more when it was dropped.
    if (this.#dropped > 0) this.#clear();
    const isBlank = (): boolean => this.#characters.at(-1) === " ";
    while (isBlank()) this.#characters.pop();
    while (this.#characters.length > 0 && !isBlank()) this.#characters.pop();
  }
}

/** A line feed right after a carriage return ends the same line. */
function restAfter(input: string, at: number): string {
  const isPair = input[at - 1] === "\r" && input[at] === "\n";
  return input.slice(isPair ? at + 1 : at);
}
