/** One KeyPackage of a PSKC file as a token that is nobody's yet (RFC 6030 sections 4 and 10). */
import type { ImportedAuthenticator } from "../contracts/imported.ts";
import { isPrintable, printable } from "../core/printable.ts";
import type { Algorithm, Digits } from "../core/totp.ts";
import { LONGEST_SECRET } from "./fit.ts";
import { Misfit } from "./misfit.ts";
import { base64Of, childOf, integerOf, textOf } from "./pskc-elements.ts";
import { readPolicy } from "./pskc-policy.ts";
import type { Protection } from "./pskc-protection.ts";
import type { XmlElement } from "./xml-children.ts";

/** The second form is of the drafts before the RFC, and still written. */
const METHODS: Readonly<Record<string, "hotp" | "totp">> = {
  "urn:ietf:params:xml:ns:keyprov:pskc:hotp": "hotp",
  "urn:ietf:params:xml:ns:keyprov:pskc#hotp": "hotp",
  "urn:ietf:params:xml:ns:keyprov:pskc:totp": "totp",
  "urn:ietf:params:xml:ns:keyprov:pskc#totp": "totp",
};
const SUITE = /^(?:HMAC-?)?SHA-?(1|256|512)$/i;
const SERIAL_MAX = 64;

/**
 * What it says; whether that may come is judged as for all formats.
 * @param at milliseconds since the epoch, for the policy's dates
 * @throws Misfit when it cannot come
 */
export async function readKeyPackage(
  element: XmlElement,
  place: string,
  protection: Protection,
  at: number,
): Promise<ImportedAuthenticator> {
  const key = childOf(element, "Key");
  if (key === undefined) throw new Misfit("it holds no key");
  const method = METHODS[key.attributes.get("Algorithm") ?? ""];
  if (method === undefined) throw new Misfit("its algorithm is neither HOTP nor TOTP");
  const serial = serialOf(element);
  if (serial === undefined) throw new Misfit("it has no serial number and no id that can be one");
  const { algorithm, digits, remarks } = readParameters(childOf(key, "AlgorithmParameters"));
  const known = [...userOf(element), ...remarks, ...readPolicy(childOf(key, "Policy"), at)];
  const data = childOf(key, "Data");
  const moving = await readMovingFactor(method, data, protection);
  const secret = await readSecret(childOf(data, "Secret"), protection);
  return {
    kind: "authenticator",
    place,
    user: undefined,
    method,
    serial,
    secret,
    algorithm,
    digits,
    period: moving.period,
    lastCounter: moving.lastCounter,
    skew: moving.skew,
    scratchCodes: [],
    remarks: [...known, ...moving.remarks],
  };
}

/** The device's serial number, or the key's id where there is none. */
export function serialOf(element: XmlElement): string | undefined {
  const device = textOf(childOf(childOf(element, "DeviceInfo"), "SerialNo"));
  const serial = device || childOf(element, "Key")?.attributes.get("Id")?.trim();
  if (!serial || serial.length > SERIAL_MAX || !isPrintable(serial)) return undefined;
  return serial;
}

/** Whom the file names is no account of this host: whose the token is, an administrator says. */
function userOf(element: XmlElement): string[] {
  const named =
    textOf(childOf(childOf(element, "Key"), "UserId")) ||
    textOf(childOf(childOf(element, "DeviceInfo"), "UserId"));
  return named ? [`the file has it for ${printable(named, 64)}`] : [];
}

function readParameters(parameters: XmlElement | undefined): {
  readonly algorithm: Algorithm;
  readonly digits: Digits;
  readonly remarks: readonly string[];
} {
  if (childOf(parameters, "ChallengeFormat")) throw new Misfit("it answers challenges");
  const suite = SUITE.exec(textOf(childOf(parameters, "Suite")) || "SHA1");
  if (suite === null) throw new Misfit("its algorithm suite is not known here");
  const algorithm = `sha${suite[1]}` as Algorithm;
  const format = childOf(parameters, "ResponseFormat")?.attributes;
  if (format === undefined) {
    return { algorithm, digits: 6, remarks: ["its number of digits is not told: taken as 6"] };
  }
  const check = format.get("CheckDigits") ?? "false";
  if (format.get("Encoding") !== "DECIMAL" || !["false", "0"].includes(check)) {
    throw new Misfit("its codes are not plain digits");
  }
  return { algorithm, digits: integerOf(format.get("Length")) as Digits, remarks: [] };
}

interface MovingFactor {
  readonly period: number | undefined;
  readonly lastCounter: number | undefined;
  readonly skew: number;
  readonly remarks: readonly string[];
}

function readMovingFactor(
  method: "hotp" | "totp",
  data: XmlElement | undefined,
  protection: Protection,
): Promise<MovingFactor> {
  return method === "hotp" ? readCounter(data, protection) : readTime(data, protection);
}

/** Counter is RFC 4226's C, the moving factor of the next code: the one before it is spent. */
async function readCounter(
  data: XmlElement | undefined,
  protection: Protection,
): Promise<MovingFactor> {
  const counter = await readInteger(data, "Counter", protection);
  return {
    period: undefined,
    lastCounter: (counter ?? 0) - 1,
    skew: 0,
    remarks: counter === undefined ? ["its counter is not told: taken as 0"] : [],
  };
}

/**
 * Time, the number of intervals at some time before, is covered by what the contract says of a
 * last counter that is not told: all time steps before the import count as used. TimeDrift is
 * negative for a device that is behind (RFC 6030 section 4.2), as skew is.
 */
async function readTime(
  data: XmlElement | undefined,
  protection: Protection,
): Promise<MovingFactor> {
  const period = await readInteger(data, "TimeInterval", protection);
  const drift = (await readInteger(data, "TimeDrift", protection)) ?? 0;
  return {
    period: period ?? 30,
    lastCounter: undefined,
    skew: drift,
    remarks: period === undefined ? ["its time interval is not told: taken as 30 s"] : [],
  };
}

async function readInteger(
  data: XmlElement | undefined,
  name: string,
  protection: Protection,
): Promise<number | undefined> {
  const element = childOf(data, name);
  if (element === undefined) return undefined;
  const plain = plainOf(element);
  const value = plain === undefined ? await openInteger(element, protection) : integerOf(plain);
  if (value === undefined) throw new Misfit(`its ${name} is no number of use`);
  return value;
}

/** Encrypted, a number is 4 or 8 bytes in network order, or digits, as some write it. */
async function openInteger(
  element: XmlElement,
  protection: Protection,
): Promise<number | undefined> {
  const bytes = await openValue(element, protection);
  if (bytes === undefined) return undefined;
  const text = bytes.toString("latin1");
  if (/^[+-]?\d+$/.test(text)) return integerOf(text);
  if (bytes.length === 4) return bytes.readInt32BE();
  if (bytes.length !== 8) return undefined;
  const long = Number(bytes.readBigInt64BE());
  return Number.isSafeInteger(long) ? long : undefined;
}

async function readSecret(
  element: XmlElement | undefined,
  protection: Protection,
): Promise<Uint8Array> {
  if (element === undefined) throw new Misfit("its secret is not in the file");
  const plain = plainOf(element);
  if (plain !== undefined && protection.isNamed) {
    throw new Misfit("its secret is plain, in a file that is to be encrypted");
  }
  const secret =
    plain === undefined ? await openValue(element, protection) : base64Of(plain, LONGEST_SECRET);
  if (secret === undefined)
    throw new Misfit(`its secret is not base64 of at most ${LONGEST_SECRET} bytes`);
  return secret;
}

/** The text of a value that is not encrypted. What a MAC beside one covers, the RFC does not say. */
function plainOf(element: XmlElement): string | undefined {
  const plain = childOf(element, "PlainValue");
  if (plain === undefined) return undefined;
  if (childOf(element, "EncryptedValue")) throw new Misfit("a value is both plain and encrypted");
  if (childOf(element, "ValueMAC")) throw new Misfit("a value is plain, and has a MAC");
  return textOf(plain);
}

async function openValue(element: XmlElement, protection: Protection): Promise<Buffer | undefined> {
  const encrypted = childOf(element, "EncryptedValue");
  if (encrypted === undefined) return undefined;
  return protection.open(encrypted, childOf(element, "ValueMAC"));
}
