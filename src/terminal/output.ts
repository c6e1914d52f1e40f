/** Standard output: text for people, or one JSON document for programs. */
import { once } from "node:events";
import { showsColour } from "./style.ts";

/** Lines for people. */
export function say(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

/** One JSON document. */
export function sayJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** One JSON array, written as its elements come: memory does not grow with their number. */
export async function sayJsonArray(elements: AsyncIterable<unknown>): Promise<void> {
  let separator = "[";
  for await (const element of elements) {
    await write(`${separator}${JSON.stringify(element)}`);
    separator = ",\n";
  }
  await write(separator === "[" ? "[]\n" : "]\n");
}

/** Columns to lay text out in; a pipe is given all that the text needs. */
export function outputColumns(): number {
  if (!process.stdout.isTTY) return Number.POSITIVE_INFINITY;
  return process.stdout.columns || 80;
}

/** True when standard output shows colour. */
export function hasColour(): boolean {
  return showsColour(process.env, process.stdout);
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}
