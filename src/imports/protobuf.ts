/** The wire format of Protocol Buffers, as far as a message of a few fields needs it. */
import { MAX_COUNTER } from "./fit.ts";
import { Misfit } from "./misfit.ts";

export interface Field {
  readonly number: number;
  /** A varint as an unsigned number of 64 bits; undefined for all else. */
  readonly varint: bigint | undefined;
  /** Of a field with a length, within the message that was given; undefined for all else. */
  readonly bytes: Uint8Array | undefined;
}

/** Fields of one message. */
const MOST_FIELDS = 1_000;

/** The message's fields in their order; undefined for what is not well-formed, or too long. */
export function readFields(message: Uint8Array): readonly Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < message.length; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value < 1n << 64n ? value : undefined;
    }
    return undefined;
  };
  const take = (length: bigint): Uint8Array | undefined => {
    if (length > BigInt(message.length - at)) return undefined;
    const from = at;
    at += Number(length);
    return message.subarray(from, at);
  };
  while (at < message.length) {
    const key = varint();
    // A field's number is of 29 bits, and none has the number 0.
    if (key === undefined || key < 8n || key >= 1n << 32n) return undefined;
    const type = Number(key & 7n);
    const value = type === 0 || type === 2 ? varint() : undefined;
    const bytes = take(type === 2 ? (value ?? 1n << 64n) : type === 1 ? 8n : type === 5 ? 4n : 0n);
    // Groups (3 and 4) are of a version that nobody writes any more.
    if (bytes === undefined || type === 3 || type === 4 || type > 5) return undefined;
    if (type === 0 && value === undefined) return undefined;
    fields.push({
      number: Number(key >> 3n),
      varint: type === 0 ? value : undefined,
      bytes: type === 2 ? bytes : undefined,
    });
    if (fields.length > MOST_FIELDS) return undefined;
  }
  return fields;
}

/** A message by the numbers of its fields. What is asked of one that is not there is 0, or empty. */
export class Message {
  readonly #fields: readonly Field[];

  private constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  /**
   * @param repeated those that may stand there more than once
   * @throws Misfit, as all of it does
   */
  static read(bytes: Uint8Array, repeated: readonly number[] = []): Message {
    const fields = readFields(bytes);
    if (fields === undefined) throw new Misfit("its data are not an export, or not a whole one");
    const single = fields.map(({ number }) => number).filter((each) => !repeated.includes(each));
    const twice = single.find((each, index) => single.indexOf(each) !== index);
    if (twice !== undefined) throw new Misfit(`its field ${twice} stands there twice`);
    return new Message(fields);
  }

  /** As a number of 64 bits without a sign. */
  varint(number: number): bigint {
    const field = this.#find(number);
    if (field === undefined) return 0n;
    if (field.varint !== undefined) return field.varint;
    throw new Misfit(`its field ${number} is of another type`);
  }

  whole(number: number): number {
    const value = this.varint(number);
    if (value > BigInt(MAX_COUNTER)) throw new Misfit(`its field ${number} is out of bounds`);
    return Number(value);
  }

  text(number: number): string {
    const bytes = this.#bytes(number);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new Misfit(`its field ${number} is not UTF-8`);
    }
  }

  /** A copy; what it was copied from is zeroed. */
  taken(number: number): Uint8Array {
    const own = this.#bytes(number);
    const copy = Uint8Array.from(own);
    own.fill(0);
    return copy;
  }

  repeated(number: number): Uint8Array[] {
    return this.#fields.filter((field) => field.number === number).map(bytesIn);
  }

  #find(number: number): Field | undefined {
    return this.#fields.find((field) => field.number === number);
  }

  #bytes(number: number): Uint8Array {
    const field = this.#find(number);
    return field === undefined ? new Uint8Array() : bytesIn(field);
  }
}

function bytesIn({ number, bytes }: Field): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new Misfit(`its field ${number} is of another type`);
}
