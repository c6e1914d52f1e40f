/** A line that says how far something is, while it is; on a terminal, and nowhere else. */
import { printable } from "../core/printable.ts";
import type { Output } from "./style.ts";

/** Least time between two updates, in milliseconds: ten a second are all an eye can use. */
const INTERVAL = 100;

export interface ProgressOutput extends Output {
  write(text: string): unknown;
}

export interface Progress {
  /** Replaces the line; skipped when the last update was less than 100 ms ago. */
  update(text: string): void;
  /** Takes the line away. */
  done(): void;
}

/** `now` in milliseconds, of a clock that does not step back. */
export function progress(
  output: ProgressOutput = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  let last = Number.NEGATIVE_INFINITY;
  let width = 0;
  // Without escape sequences, so that TERM need not be asked: spaces erase as well.
  const replace = (text: string): void => {
    output.write(`\r${text.padEnd(width)}\r${text}`);
    width = text.length;
  };
  return {
    update(text) {
      if (output.isTTY !== true || now() - last < INTERVAL) return;
      last = now();
      // One column short of the edge: a full line would wrap on some terminals.
      replace(printable(text, (output.columns || 80) - 1));
    },
    done() {
      if (width > 0) replace("");
    },
  };
}
