/** Entries of an import as they are sent, and how many of them a line of the protocol holds. */
import type { ImportEntry } from "../../contracts/imported.ts";
import { LINE_MAX } from "../../protocol/lines.ts";
import { sentForm } from "./sent-form.ts";

/** For the opening, the call's name and the import's id. */
const REST = 256;

/** In groups that fit a line, however they are encoded, in their order. */
export function* batchesOf(entries: readonly ImportEntry[]): Generator<readonly ImportEntry[]> {
  let batch: ImportEntry[] = [];
  let room = LINE_MAX - REST;
  for (const entry of entries) {
    const length = longest(JSON.stringify(sentForm(entry)));
    if (length > room && batch.length > 0) {
      yield batch;
      batch = [];
      room = LINE_MAX - REST;
    }
    batch.push(entry);
    room -= length;
  }
  if (batch.length > 0) yield batch;
}

/** As percent-encoding has it, with the comma before it. */
function longest(text: string): number {
  const plain = text.match(/[A-Za-z0-9._~-]/g)?.length ?? 0;
  return plain + 3 * (Buffer.byteLength(text) - plain) + 3;
}
