/**
 * What a person sees of the line being typed. It uses no escape sequence, so that it works
 * on every terminal, and never wraps: a wrapped line cannot be erased by backspaces.
 */
import { writeDevice } from "./device.ts";

/** Columns that are relied on; a wider terminal only shows the tail of a long line. */
const COLUMNS = 80;

export class Echo {
  readonly #fd: number;
  readonly #room: number;
  #shown: readonly string[] = [];

  constructor(fd: number, question: string) {
    const lastLine = question.slice(question.lastIndexOf("\n") + 1);
    this.#fd = fd;
    this.#room = Math.max(8, COLUMNS - 1 - [...lastLine].length);
  }

  /** Makes the line read `text`, or the end of it that fits. */
  show(text: string): void {
    const next = [...text].slice(-this.#room);
    const before = this.#shown;
    let same = 0;
    while (same < before.length && before[same] === next[same]) same++;
    const erased = Math.max(0, before.length - next.length);
    const back = "\b".repeat(before.length - same);
    const added = next.slice(same).join("");
    writeDevice(this.#fd, back + added + " ".repeat(erased) + "\b".repeat(erased));
    this.#shown = next;
  }

  /** Writes the line anew, after the question. */
  again(): void {
    writeDevice(this.#fd, this.#shown.join(""));
  }
}
