/** What terminal this process has: its name and its size. */
import { readlinkSync } from "node:fs";
import { isatty, WriteStream } from "node:tty";
import { openDevice } from "./device.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Path of the terminal on standard input, such as /dev/pts/0; undefined where there is none. */
export function terminalName(): string | undefined {
  return isatty(0) ? readlinkSync("/proc/self/fd/0") : undefined;
}

/** Size of the terminal; undefined where there is none. A size of zero is an unset one. */
export function terminalSize(): TerminalSize | undefined {
  let stream: WriteStream;
  try {
    stream = new WriteStream(openDevice("write"));
  } catch {
    return undefined;
  }
  const { columns, rows } = stream;
  stream.destroy();
  return { columns: columns || 80, rows: rows || 24 };
}
