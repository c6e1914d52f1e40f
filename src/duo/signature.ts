/**
 * The signature of a request to the Auth API (duo.com/docs/authapi, "Authentication",
 * signature version 2 with HMAC-SHA512): each party computes it over what was sent, so one
 * byte escaped differently here refuses every login.
 */
import { createHmac } from "node:crypto";
import { Fault } from "../core/fault.ts";

export type Parameters = Readonly<Record<string, string>>;

export interface SignedRequest {
  /** As in the Date header. */
  readonly date: string;
  readonly method: string;
  /** Without the port. */
  readonly host: string;
  readonly path: string;
  readonly parameters: Parameters;
}

export interface Credentials {
  readonly integrationKey: string;
  readonly secretKey: Uint8Array;
}

/**
 * Sorted and escaped as in RFC 5849 3.4.1.3.2: also the query or the body as it is sent.
 * @throws Fault `refused` for text that is no Unicode: two names must not become one at Duo
 */
export function canonicalParameters(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => [escaped(name), escaped(value)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

export function canonicalRequest({ date, method, host, path, parameters }: SignedRequest): string {
  const lines = [date, method.toUpperCase(), host.toLowerCase(), path];
  return [...lines, canonicalParameters(parameters)].join("\n");
}

/** The value of the Authorization header. */
export function authorization(credentials: Credentials, request: SignedRequest): string {
  const { integrationKey, secretKey } = credentials;
  const signature = createHmac("sha512", secretKey).update(canonicalRequest(request)).digest("hex");
  return `Basic ${Buffer.from(`${integrationKey}:${signature}`).toString("base64")}`;
}

/** All but the unreserved characters of RFC 3986 2.3; encodeURIComponent leaves five more. */
function escaped(text: string): string {
  if (!text.isWellFormed()) {
    throw new Fault("refused", "text that is not valid Unicode cannot be sent to Duo");
  }
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
