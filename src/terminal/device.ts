/**
 * The controlling terminal, /dev/tty: questions and secrets go there, so that standard
 * output stays clean for data and a secret never runs into a pipe.
 */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { errnoOf, Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";

const DEVICE = "/dev/tty";

/** Longest line that is printed, in characters: an address to open must not be cut. */
const LINE_LIMIT = 4096;

/**
 * Opens the terminal; the caller closes the descriptor.
 * @throws Fault `no-terminal`
 */
export function openDevice(access: "read" | "write"): number {
  const mode = access === "read" ? constants.O_RDWR : constants.O_WRONLY;
  try {
    return openSync(DEVICE, mode | constants.O_NOCTTY);
  } catch (cause) {
    throw new Fault("no-terminal", "there is no terminal to ask on", {
      hint: "give the answer on standard input, with --code-stdin",
      cause,
    });
  }
}

/**
 * Refuses to go on without a terminal: to be asked before anything is begun.
 * @throws Fault `no-terminal`
 */
export function demandTerminal(): void {
  closeSync(openDevice("read"));
}

/** True where this process has a terminal of its own, whatever its standard input is. */
export function hasTerminal(): boolean {
  try {
    demandTerminal();
    return true;
  } catch {
    return false;
  }
}

/** Writes it all. A terminal that hung up is not an error here: reading from it says so. */
export function writeDevice(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "EAGAIN" || errno === "EINTR") continue;
      if (errno === "EIO" || errno === "ENXIO" || errno === "EBADF") return;
      throw error;
    }
  }
}

/** Prints text that is clean on the terminal, or on standard error where there is no terminal. */
export function print(text: string): void {
  let fd: number;
  try {
    fd = openDevice("write");
  } catch {
    writeDevice(2, text);
    return;
  }
  try {
    writeDevice(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** One line, without what a terminal would obey: a second one could pass for somebody else's. */
export function clean(text: string): string {
  return printable(text.replace(/[\t\r\n]/g, " "), LINE_LIMIT);
}

/** What is said to have a person open an address, which stands alone: to be selected and copied. */
export function toOpen(url: string, lead = "Open this address in a browser:"): string {
  return `${lead}\n\n${clean(url)}\n\n`;
}
