/** The protocol's lines, as a stream of bytes that breaks anywhere, whole and damaged. */
import assert from "node:assert/strict";
import { LINE_MAX, LineReader, Malformed } from "../../src/protocol/lines.ts";
import {
  type ClientReply,
  type DaemonMessage,
  decodeMessage,
  decodeOpening,
  decodeReply,
  encodeMessage,
  encodeOpening,
  encodeReply,
  type Opening,
} from "../../src/protocol/messages.ts";
import { mutate, ODD } from "./mutate.ts";
import type { Random } from "./random.ts";

/** No try may end otherwise than in lines that mean one thing, or in Malformed. */
export function frames(random: Random): void {
  const stream = mutate(random, Buffer.concat(Array.from({ length: 3 }, () => line(random))));
  const whole = linesOf([stream]);
  const split = linesOf(pieces(random, stream));
  assert.deepEqual(split, whole, "what a line is depends on how the bytes arrive");
  for (const each of whole ?? []) {
    means(each, decodeOpening, encodeOpening);
    means(each, decodeReply, encodeReply);
    means(each, decodeMessage, encodeMessage);
  }
}

function line(random: Random): Buffer {
  const kind = random.below(4);
  if (kind === 0) return Buffer.from(encodeOpening(opening(random)));
  if (kind === 1) return Buffer.from(encodeReply(reply(random)));
  if (kind === 2) return Buffer.from(encodeMessage(message(random)));
  return Buffer.concat([random.bytes(random.below(random.below(50) ? 40 : LINE_MAX + 9)), LF]);
}

const LF = Buffer.from("\n");

function opening(random: Random): Opening {
  const text = () => random.text(ODD, 20);
  if (random.below(3) === 0) return { kind: "call", name: text(), argument: text() };
  const rhost = random.below(2) ? { rhost: text() } : {};
  return { kind: "verify", user: text(), service: text(), ...rhost };
}

function reply(random: Random): ClientReply {
  const why = random.pick(["cancelled", "end-of-input", "timed-out"] as const) ?? "cancelled";
  if (random.below(3) === 0) return { kind: "cancel", why };
  return { kind: "answer", text: random.text(ODD, random.below(20) ? 12 : 3_000) };
}

function message(random: Random): DaemonMessage {
  const text = random.text(ODD, 30);
  const verdict = random.pick(["accept", "reject", "throttled"] as const) ?? "reject";
  const kind = random.pick(["prompt", "prompt-secret", "info", "error", "open"] as const) ?? "info";
  const all: DaemonMessage[] = [
    { kind: "verdict", verdict, user: text, reason: random.text(ODD, 5) },
    { kind: "fault", code: text, message: random.text(ODD, 30) },
    { kind: "result", document: text },
    { kind: "item", document: text },
    { kind, text },
  ];
  return random.pick(all) ?? { kind, text };
}

function pieces(random: Random, bytes: Buffer): Buffer[] {
  const cut: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + random.below(random.below(4) ? 9 : 4_000);
    cut.push(bytes.subarray(from, to));
    from = to;
  }
  return cut;
}

/** The lines of a stream; undefined when it breaks the rules somewhere. */
function linesOf(chunks: readonly Buffer[]): string[] | undefined {
  const reader = new LineReader();
  return orMalformed(() => chunks.flatMap((chunk) => reader.take(chunk)));
}

function means<T>(text: string, decode: (line: string) => T, encode: (value: T) => string): void {
  const value = orMalformed(() => decode(text));
  if (value === undefined) return;
  const again = encode(value);
  assert.ok(again.endsWith("\n") && !again.slice(0, -1).includes("\n"));
  assert.deepEqual(decode(again.slice(0, -1)), value, "what was decoded encodes to something else");
}

function orMalformed<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof Malformed, `not Malformed: ${error}`);
    return undefined;
  }
}
