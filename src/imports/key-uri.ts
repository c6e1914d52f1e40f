/**
 * One key URI (the Key URI format of Google Authenticator):
 *
 *     otpauth://TYPE/[ISSUER:]ACCOUNT?secret=…[&issuer=…][&algorithm=…][&digits=…][&period=…][&counter=…]
 *
 * Strict: an app that overlooks what it does not know shows wrong codes, and a login that
 * refuses them locks somebody out. No reason quotes the URI, which is a secret as a whole.
 */
import { ALGORITHMS, type Algorithm, type Digits } from "../core/totp.ts";
import { bytesOfBase32 } from "./base32.ts";
import { MAX_PERIOD } from "./fit.ts";
import { Misfit } from "./misfit.ts";

export interface KeyUri {
  readonly method: "totp" | "hotp";
  readonly account: string;
  readonly secret: Uint8Array;
  readonly algorithm: Algorithm;
  readonly digits: Digits;
  readonly period: number | undefined;
  /** As in ImportedAuthenticator. */
  readonly lastCounter: number | undefined;
}

const PARAMETERS = ["secret", "issuer", "algorithm", "digits", "period", "counter"];
/** Of FreeOTP and others: how an entry looks. */
const LOOKS = ["image", "icon", "color", "lock"];

type Parameters = ReadonlyMap<string, string>;

const FORM = /^otpauth:\/\/([a-z]+)\/([^/?#]*)\?([^?#]*)$/i;

/**
 * The account that a URI's label names, also where the rest cannot come; undefined for none,
 * and for a URI that has no secret in its place: where that is then, nobody knows.
 */
export function accountNamedBy(uri: string): string | undefined {
  const [, , label = "", query = ""] = FORM.exec(uri) ?? [];
  if (!/(?:^|&)secret=[a-z2-7]{16}/i.test(query)) return undefined;
  try {
    return accountOf(decoded(label, "its label")) || undefined;
  } catch {
    return undefined;
  }
}

/** @throws Misfit */
export function parseKeyUri(uri: string): KeyUri {
  const [, type, label, query] = FORM.exec(uri) ?? [];
  if (type === undefined || label === undefined || query === undefined) {
    throw new Misfit("not of the form otpauth://TYPE/LABEL?PARAMETERS");
  }
  const method = type.toLowerCase();
  if (method !== "totp" && method !== "hotp") throw new Misfit("a type that is not totp or hotp");
  const parameters = parametersOf(query);
  const foreign = method === "totp" ? "counter" : "period";
  if (parameters.has(foreign)) throw new Misfit(`a ${foreign}, which ${method} has none of`);
  return {
    method,
    account: accountOf(decoded(label, "its label")),
    algorithm: algorithmOf(parameters),
    digits: numberOf(parameters, "digits", 6, 6, 8) as Digits,
    ...(method === "totp"
      ? { period: numberOf(parameters, "period", 30, 1, MAX_PERIOD), lastCounter: undefined }
      : // The URI names the counter of the first code to come.
        { period: undefined, lastCounter: numberOf(parameters, "counter", -1, 0, 2 ** 52) - 1 }),
    // Last, for what it takes is to be zeroed by whoever gets it.
    secret: secretOf(parameters),
  };
}

/** The account of a label, which may have the issuer and a colon before it. */
export function accountOf(label: string): string {
  const parts = label.split(":");
  if (parts.length > 2) throw new Misfit("a label with more than one colon");
  return (parts.at(-1) ?? "").trim();
}

function parametersOf(query: string): Parameters {
  const parameters = new Map<string, string>();
  for (const [index, part] of query.split("&").entries()) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    // Not by its name: in a damaged URI it may be the secret.
    if (name === undefined || value === undefined) {
      throw new Misfit(`parameter ${index + 1} is not of the form name=value`);
    }
    if (LOOKS.includes(name)) continue;
    if (!PARAMETERS.includes(name)) throw new Misfit(`parameter ${index + 1} is not known`);
    if (parameters.has(name)) throw new Misfit(`the parameter ${name} stands there twice`);
    parameters.set(name, decoded(value, `the parameter ${name}`));
  }
  return parameters;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Misfit(`${what} is not percent-encoded UTF-8`);
  }
}

function secretOf(parameters: Parameters): Uint8Array {
  const text = parameters.get("secret");
  if (text === undefined) throw new Misfit("no secret");
  const letters = text.replace(/={1,6}$/, "");
  // Lengths that RFC 4648 section 6 does not know: a letter was lost.
  const secret = [1, 3, 6].includes(letters.length % 8) ? undefined : bytesOfBase32(letters);
  if (secret === undefined) throw new Misfit("a secret that is not base32");
  return secret;
}

function algorithmOf(parameters: Parameters): Algorithm {
  const named = parameters.get("algorithm")?.toLowerCase() ?? "sha1";
  const algorithm = ALGORITHMS.find((each) => each === named);
  if (algorithm === undefined) throw new Misfit("an algorithm other than SHA1, SHA256 and SHA512");
  return algorithm;
}

function numberOf(
  parameters: Parameters,
  name: string,
  usual: number,
  lowest: number,
  highest: number,
): number {
  const text = parameters.get(name);
  if (text === undefined) {
    if (usual < lowest) throw new Misfit(`no ${name}, which the type requires`);
    return usual;
  }
  const number = /^(?:0|[1-9][0-9]{0,16})$/.test(text) ? Number(text) : Number.NaN;
  if (number >= lowest && number <= highest) return number;
  throw new Misfit(`a parameter ${name} that is not from ${lowest} to ${highest}`);
}
