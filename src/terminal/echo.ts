/**
 * What a person sees of the line being typed. It uses no escape sequence, so that it works
 * on every terminal, and never wraps: a wrapped line cannot be erased by backspaces.
 */
import { writeDevice } from "./device.ts";

/** Room that is left however long the question is, in columns. */
const ROOM_MIN = 8;

export class Echo {
  readonly #fd: number;
  readonly #room: number;
  #shown: readonly string[] = [];

  /** @param columns of the terminal */
  constructor(fd: number, question: string, columns: number) {
    const lastLine = question.slice(question.lastIndexOf("\n") + 1);
    this.#fd = fd;
    this.#room = Math.max(ROOM_MIN, columns - 1 - [...lastLine].length);
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
