/** Standard output: text for people, or one JSON document for programs. */
import { once } from "node:events";
import { errnoOf, Fault } from "../core/fault.ts";
import { report } from "./report.ts";

/** Lines for people. */
export function say(...lines: readonly string[]): void {
  sayText(lines.map((line) => `${line}\n`).join(""));
}

/** Text as it is, line breaks included. */
export function sayText(text: string): void {
  output().write(text);
}

/** One JSON document. */
export function sayJson(document: unknown): void {
  sayText(`${JSON.stringify(document)}\n`);
}

/** Characters that are written at once. */
const CHUNK = 65_536;
/** How long an element waits for others, in milliseconds. */
const PATIENCE = 100;

/** One JSON array, written as its elements come: memory does not grow with their number. */
export function sayJsonArray(elements: AsyncIterable<unknown>): Promise<void> {
  return sayTexts(arrayOf(elements));
}

async function* arrayOf(elements: AsyncIterable<unknown>): AsyncGenerator<string> {
  let separator = "[";
  for await (const element of elements) {
    yield `${separator}${JSON.stringify(element)}`;
    separator = ",\n";
  }
  yield separator === "[" ? "[]\n" : "]\n";
}

/** Texts as they are, written as they come. */
export async function sayTexts(texts: AsyncIterable<string>): Promise<void> {
  let pending = "";
  const take = (): string => {
    const text = pending;
    pending = "";
    return text;
  };
  // They may be far between: what there is does not wait for a chunk of them.
  const timer = setInterval(() => void (pending && output().write(take())), PATIENCE).unref();
  try {
    for await (const text of texts) {
      pending += text;
      if (pending.length >= CHUNK) await write(take());
    }
  } finally {
    clearInterval(timer);
  }
  await write(pending);
}

/** Columns to lay text out in; a pipe is given all that the text needs. */
export function outputColumns(): number {
  if (!process.stdout.isTTY) return Number.POSITIVE_INFINITY;
  return process.stdout.columns || 80;
}

async function write(text: string): Promise<void> {
  if (!output().write(text)) await once(process.stdout, "drain");
  // A turn of the event loop: without one the memory of what was written is not taken back.
  await new Promise((resolve) => setImmediate(resolve));
}

let isWatched = false;
let isRead = true;

/** The elements, until whoever reads standard output has gone away: head(1), or q in a pager. */
export async function* whileRead<T>(elements: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const element of elements) {
    if (!isRead) return;
    yield element;
  }
}

/** Standard output, whose failures are told like any other. */
function output(): NodeJS.WriteStream {
  // Before oclif's own listener, which lets Node print a stack.
  if (!isWatched) process.stdout.prependListener("error", leave);
  isWatched = true;
  return process.stdout;
}

/** A reader that has gone away needs to be told nothing; a full disk must not pass for success. */
function leave(error: Error): void {
  const errno = errnoOf(error);
  if (errno === "EPIPE") {
    isRead = false;
    return;
  }
  const why = errno === "ENOSPC" ? "no space left on the device" : (errno ?? error.message);
  process.exit(report(new Fault("file-unwritable", `cannot write the output: ${why}`)));
}
