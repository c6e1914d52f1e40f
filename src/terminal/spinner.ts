/**
 * A sign of life while something else than an answer is waited for, below what was told of
 * it: on a terminal, after a moment, and gone before anything else is printed.
 */
import { closeSync } from "node:fs";
import { openDevice, writeDevice } from "./device.ts";
import { restoring } from "./restore.ts";

/** Milliseconds: how long a wait is too short for it, and between two turns. */
const PATIENCE = 300;
const INTERVAL = 120;

const FRAMES = ["|", "/", "-", "\\"];
const TEXT = "waiting; Ctrl-C stops it";

/** Of the terminal's own echo of Ctrl-C, behind the line. */
const ECHOED = 2;

export class Spinner {
  /** False until the person knows what is waited for. */
  #isTold = false;
  #turn = 0;
  #erase: (() => void) | undefined;
  readonly #isOn: boolean;

  /** @param term the terminal's name, of the environment */
  constructor(term = process.env.TERM ?? "") {
    this.#isOn = term !== "" && term !== "dumb";
  }

  /** What is waited for was told, or is no longer what is waited for. */
  tell(isTold: boolean): void {
    this.#isTold = isTold;
  }

  /** Takes the line away; a wait that goes on shows it again. */
  hide(): void {
    this.#erase?.();
    this.#erase = undefined;
  }

  /** Shows it while `work` is under way. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOn) return work();
    const since = performance.now();
    const timer = setInterval(() => {
      if (this.#isTold && performance.now() - since >= PATIENCE) this.#show();
    }, INTERVAL).unref();
    try {
      return await work();
    } finally {
      clearInterval(timer);
      this.hide();
    }
  }

  #show(): void {
    const line = `${FRAMES[this.#turn++ % FRAMES.length]} ${TEXT}`;
    const fd = terminal();
    if (fd === undefined) return;
    writeDevice(fd, `\r${line}`);
    closeSync(fd);
    // By the end of the process as well, whatever ends it.
    this.#erase ??= restoring(() => erase(line.length + ECHOED));
  }
}

/** Without escape sequences: spaces erase as well. */
function erase(width: number): void {
  const fd = terminal();
  if (fd === undefined) return;
  writeDevice(fd, `\r${" ".repeat(width)}\r`);
  closeSync(fd);
}

function terminal(): number | undefined {
  try {
    return openDevice("write");
  } catch {
    return undefined;
  }
}
