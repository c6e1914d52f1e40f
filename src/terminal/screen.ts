/**
 * A screen that is gone afterwards, for what must not stay on one: the alternate screen
 * (xterm's mode 1049, which tmux and every emulator since know) has no scrollback, so the
 * secret never reaches it. Erasing rows of the ordinary screen does not do: what has
 * scrolled off its top is out of reach.
 */
import { closeSync } from "node:fs";
import { openDevice, writeDevice } from "./device.ts";
import { terminalSize } from "./properties.ts";
import { restoring } from "./restore.ts";
import type { Environment, Output } from "./style.ts";

const ENTER = "\x1b[?1049h\x1b[H";
const LEAVE = "\x1b[?1049l";

export interface Screen extends Output {
  /** False when what is shown stays visible, and the person is to be told so. */
  readonly wipes: boolean;
  /** Shows the lines alone, from the top; what was shown before is wiped. */
  show(lines: readonly string[]): void;
  /** Wipes what was shown, and gives the screen back as it was. Also done when the process ends. */
  close(): void;
}

/** What to say after `close` where `wipes` is false. */
export const STAYS_VISIBLE =
  "The key stays visible above: clear this screen and its scrollback once you are done.";

/**
 * Opens a screen on the controlling terminal; the caller closes it whatever happens.
 * @throws Fault `no-terminal`
 */
export function openScreen(environment: Environment): Screen {
  const fd = openDevice("write");
  const size = terminalSize() ?? { columns: 80, rows: 24 };
  const term = environment.TERM ?? "";
  const wipes = term !== "" && term !== "dumb";
  const erase = wipes ? wipe(size.rows) : "";
  if (wipes) writeDevice(fd, ENTER);
  const release = restoring(() => {
    // Wiped before it is left: GNU screen has no alternate screen unless told to.
    if (wipes) writeDevice(fd, erase + LEAVE);
    closeSync(fd);
  });
  return {
    isTTY: true,
    ...size,
    wipes,
    show: (lines) => writeDevice(fd, `${erase}${lines.map((line) => `${line}\n`).join("")}`),
    close: release,
  };
}

/**
 * Erases that many rows from the top, row by row, and goes there: erasing the screen at one
 * stroke makes some terminals push it into the scrollback first (tmux, scroll-on-clear).
 */
export function wipe(rows: number): string {
  const each = Array.from({ length: rows }, () => "\x1b[2K").join("\x1b[B\r");
  return `\x1b[H${each}\x1b[H`;
}
