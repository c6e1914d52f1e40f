/** Percent-encoding of values, and fields `key=value`, of which each key stands once. */
import { Malformed } from "./lines.ts";

export type Fields = ReadonlyMap<string, string>;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const UNRESERVED = /^[A-Za-z0-9._~-]*$/;

/** RFC 3986 2.1: every byte but the unreserved ones. */
export function encodeValue(text: string): string {
  if (UNRESERVED.test(text)) return text;
  let encoded = "";
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    encoded += UNRESERVED.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** @throws Malformed unless it is what `encodeValue` could have made; hexadecimal in any case */
export function decodeValue(encoded: string): string {
  if (UNRESERVED.test(encoded)) return encoded;
  if (!/^(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*$/.test(encoded)) {
    throw new Malformed("a value is not percent-encoded");
  }
  const bytes = Buffer.from(
    encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Malformed("a value is not UTF-8");
  }
}

/** Absent values are left out. */
export function encodeFields(fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}=${encodeValue(value)}`]))
    .join("");
}

/** @throws Malformed for a key that is not `known`, or stands twice */
export function decodeFields(words: readonly string[], known: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf("=");
    const key = word.slice(0, equals);
    if (equals < 1 || !known.includes(key)) throw new Malformed("a field is not known");
    if (fields.has(key)) throw new Malformed("a field stands twice");
    fields.set(key, decodeValue(word.slice(equals + 1)));
  }
  return fields;
}
