/**
 * Signatures of the validation protocol 2.0, of requests and of replies: HMAC-SHA1 over the
 * parameters sorted by name, as they are and not escaped, in base64.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export type Parameters = Readonly<Record<string, string>>;

/** An API key as Yubico gives it out: base64, of 20 bytes there. Undefined for what is none. */
export function parseApiKey(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/]{20,88}={0,2}$/.test(trimmed)) return undefined;
  const key = Buffer.from(trimmed, "base64");
  return key.toString("base64") === trimmed ? key : undefined;
}

export function signatureOf(parameters: Parameters, apiKey: Uint8Array): string {
  const line = Object.keys(parameters)
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join("&");
  return createHmac("sha1", apiKey).update(line).digest("base64");
}

/** Whether `h` signs all the others. */
export function isSigned({ h = "", ...others }: Parameters, apiKey: Uint8Array): boolean {
  const [expected, given] = [Buffer.from(signatureOf(others, apiKey)), Buffer.from(h)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** The query of a request, signed. */
export function signedQuery(parameters: Parameters, apiKey: Uint8Array): string {
  const signed = { ...parameters, h: signatureOf(parameters, apiKey) };
  return Object.entries(signed)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}
