/** The lines of a file of any size, which its reader need not trust. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { errnoOf, Fault } from "../core/fault.ts";
import { said, systemFault } from "./untrusted.ts";

const CHUNK = 1 << 18;
/** No line is longer, in characters: what is not ours must not fill the memory. */
const LONGEST = 1 << 16;

export interface Line {
  readonly text: string;
  /** True where a line feed ended it. */
  readonly isWhole: boolean;
}

/** @throws Fault `file-unreadable` where it cannot be read, is no file, or has no lines */
export function* linesOf(path: string): Generator<Line> {
  const descriptor = open(path);
  try {
    const buffer = Buffer.alloc(CHUNK);
    const decoder = new StringDecoder("utf8");
    let rest = "";
    for (;;) {
      const read = readSync(descriptor, buffer, 0, CHUNK, null);
      if (read === 0) break;
      const lines = (rest + decoder.write(buffer.subarray(0, read))).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) yield { text, isWhole: true };
      if (rest.length > LONGEST) throw unreadable(path, "its lines are too long");
    }
    rest += decoder.end();
    if (rest !== "") yield { text: rest, isWhole: false };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw systemFault("file-unreadable", `cannot read ${said(path)}`, error);
  } finally {
    closeSync(descriptor);
  }
}

/** A small text as a whole. @throws Fault as `linesOf` */
export function smallText(path: string): string {
  let text = "";
  for (const line of linesOf(path)) {
    text += `${line.text}\n`;
    if (text.length > LONGEST) throw unreadable(path, "it is too large");
  }
  return text;
}

/** A fifo is not waited for. */
function open(path: string): number {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      throw new Fault("file-unreadable", `${said(path)}: there is no such file`, { cause: error });
    }
    throw systemFault("file-unreadable", `cannot read ${said(path)}`, error);
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw unreadable(path, "it is not a regular file");
}

function unreadable(path: string, why: string): Fault {
  return new Fault("file-unreadable", `cannot read ${said(path)}: ${why}`);
}
