/** What a validation server says of an OTP. Nothing of it is believed that it did not sign. */
import { counterFrom } from "../core/yubikey-otp.ts";
import { isSigned, type Parameters } from "./signature.ts";
import { ValidationFault } from "./validation-fault.ts";

export interface Asked {
  readonly otp: string;
  readonly nonce: string;
  readonly apiKey: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type Answer =
  /** `counter`: as core/yubikey-otp.ts has it. */
  | { readonly kind: "valid"; readonly counter: number }
  | { readonly kind: "refused"; readonly reason: "replayed" | "wrong-code" }
  /** It had this very request before, from another server: that one's answer is what counts. */
  | { readonly kind: "known" };

export interface Told {
  readonly answer: Answer;
  /** Seconds that this host's clock is ahead of the server's. */
  readonly clockOffset: number;
}

/** A nonce makes a reply new. A server whose clock is off by so much is none to rely on, though. */
const CLOCK_TOLERANCE = 86_400;
const MOST_LINES = 40;

/**
 * @param where the server, for people
 * @throws ValidationFault for what is no such reply, or tells of trouble
 */
export function readReply(status: number, body: Buffer, asked: Asked, where: string): Told {
  if (status >= 500) {
    throw new ValidationFault("server-error", `${where} fails (HTTP status ${status})`);
  }
  const reply = status === 200 ? parse(body) : undefined;
  if (!reply) throw invalid(where, "does not speak the validation protocol");
  if (!isSigned(reply, asked.apiKey)) throw unsigned(reply, where);
  const clockOffset = offsetOf(reply.t ?? "", asked.now);
  if (clockOffset === undefined) throw invalid(where, "tells a time that cannot be");
  return { answer: answerOf(reply, asked, where), clockOffset };
}

function answerOf(reply: Parameters, asked: Asked, where: string): Answer {
  const trouble = TROUBLES.get(reply.status ?? "");
  if (trouble) throw new ValidationFault(trouble[0], `${where} ${trouble[1]}`);
  // A server that cannot read an OTP tells of none: it may refuse so, but never accept.
  const isAbsent = reply.status === "BAD_OTP" && reply.otp === undefined;
  const isAboutThis = reply.otp === asked.otp && reply.nonce === asked.nonce;
  if (!isAboutThis && !isAbsent) throw invalid(where, "answers another question than was asked");
  switch (reply.status) {
    case "OK":
      return { kind: "valid", counter: counterOf(reply, where) };
    case "REPLAYED_OTP":
      return { kind: "refused", reason: "replayed" };
    case "BAD_OTP":
      return { kind: "refused", reason: "wrong-code" };
    case "REPLAYED_REQUEST":
      return { kind: "known" };
    default:
      throw invalid(where, "answers with a status that is not known");
  }
}

type Trouble = "server-error" | "refused";

const TROUBLES: ReadonlyMap<string, readonly [Trouble, string]> = new Map([
  ["BACKEND_ERROR", ["server-error", "has trouble of its own (BACKEND_ERROR)"]],
  ["NOT_ENOUGH_ANSWERS", ["server-error", "had no word of the others (NOT_ENOUGH_ANSWERS)"]],
  ["NO_SUCH_CLIENT", ["refused", "does not know the client id (NO_SUCH_CLIENT)"]],
  ["BAD_SIGNATURE", ["refused", "has another API key for the client id (BAD_SIGNATURE)"]],
  ["OPERATION_NOT_ALLOWED", ["refused", "does not serve the client id (OPERATION_NOT_ALLOWED)"]],
  ["MISSING_PARAMETER", ["refused", "misses something in the request (MISSING_PARAMETER)"]],
]);

/** Who has no key in common with us cannot sign: what it says is a hint, and lets nobody in. */
function unsigned({ status = "" }: Parameters, where: string): ValidationFault {
  const trouble = TROUBLES.get(status);
  if (trouble?.[0] === "refused") return new ValidationFault("refused", `${where} ${trouble[1]}`);
  return invalid(where, "does not sign with the API key");
}

/** The two counters, each in its width: what was asked for by timestamp=1. */
function counterOf({ sessioncounter = "", sessionuse = "" }: Parameters, where: string): number {
  const [use, session] = [wholeIn(sessioncounter, 0x7fff), wholeIn(sessionuse, 0xff)];
  if (use !== undefined && session !== undefined) return counterFrom(use, session);
  throw invalid(where, "accepts without telling the counters");
}

function wholeIn(text: string, most: number): number | undefined {
  return /^[0-9]{1,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/** `2008-11-21T06:11:55Z0711`: the last digits are milliseconds, behind a zero. */
function offsetOf(text: string, now: number): number | undefined {
  const second = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\d{0,6}$/.exec(text)?.[1];
  const offset = Math.round((now - Date.parse(second ?? "")) / 1000);
  return Math.abs(offset) <= CLOCK_TOLERANCE ? offset : undefined;
}

/**
 * Undefined for what is no list of lines such as name=value, or has a name twice. No value has a
 * `&` in it: what is signed could be cut into other fields there.
 */
function parse(body: Buffer): Parameters | undefined {
  const lines = body
    .toString("latin1")
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line !== "");
  if (lines.length === 0 || lines.length > MOST_LINES) return undefined;
  const pairs = lines.map((line) => /^([a-z]{1,32})=([ -%'-~]*)$/.exec(line)?.slice(1));
  const names = new Set(pairs.map((pair) => pair?.[0]));
  if (names.has(undefined) || names.size !== lines.length) return undefined;
  return Object.fromEntries(pairs as [string, string][]);
}

function invalid(where: string, what: string): ValidationFault {
  return new ValidationFault("invalid", `${where} ${what}`);
}
