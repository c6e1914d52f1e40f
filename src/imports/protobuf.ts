/** The wire format of Protocol Buffers, as far as a message of a few fields needs it. */

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
