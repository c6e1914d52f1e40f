/**
 * The users file of pam_oath (OATH Toolkit), one authenticator a line:
 *
 *     type user password key [counter [last code [time of it]]]
 *
 * Read line by line: a file of any length takes the memory of a line. A user of several
 * lines has several authenticators without a serial number; which of them are further ones
 * is for whoever keeps them to tell.
 */
import type { ImportedAuthenticator, ImportItem } from "../contracts/imported.ts";
import { Fault } from "../core/fault.ts";
import type { Digits } from "../core/totp.ts";
import { itemOf, MAX_COUNTER, printableUser } from "./fit.ts";
import { type Chunks, type Line, linesOf } from "./lines.ts";
import { Misfit } from "./misfit.ts";
import { digitsOfCode, LastSteps } from "./oath-last-step.ts";

/** Characters of a line; the module itself reads keys of at most 32 bytes. */
export const LINE_MAX = 4_096;

const TYPE = /^HOTP(?:\/(?:E|T(30|60))(?:\/([678]))?)?$/;
/** The types of mod_authn_otp, from where the format comes, begin with these. */
const TYPES = /^(?:[HTM]OTP|OCRA)/i;
const KEY = /^(?:[0-9a-f]{2})+$/i;
/** As strptime(3) reads what the module writes; L is for local time. */
const TIME = /^(\d{4})-(\d\d?)-(\d\d?)T(\d\d?):(\d\d?):(\d\d?)L$/;

/** @throws Fault `import-invalid` when the first line that says anything is none of such a file */
export async function* readOathUsers(chunks: Chunks): AsyncGenerator<ImportItem> {
  const lastSteps = new LastSteps();
  let isFirst = true;
  for await (const line of linesOf(chunks, LINE_MAX)) {
    const fields = line.text?.split(/[ \t]+/).filter((field) => field !== "") ?? [];
    const [first = ""] = fields;
    if (line.text !== undefined && (first === "" || first.startsWith("#"))) continue;
    if (isFirst && !TYPES.test(first)) {
      throw new Fault("import-invalid", `line ${line.number}: this is no users file of pam_oath`, {
        hint: "its lines begin with HOTP; usersfile= in the PAM service names it",
      });
    }
    isFirst = false;
    const user = userOf(fields);
    const place = `line ${line.number}`;
    yield itemOf(place, user, () => authenticatorOf(line, place, fields, lastSteps));
  }
}

/**
 * In a line without its type, its user or its key, what stands in the user's place may be a secret.
 */
function userOf([type = "", user = "", , key = ""]: readonly string[]): string | undefined {
  const isWhole = TYPES.test(type) && isLikeKey(key) && !isLikeKey(user);
  return isWhole ? printableUser(user) : undefined;
}

function isLikeKey(text: string): boolean {
  return text.length >= 16 && KEY.test(text);
}

function authenticatorOf(
  { text, isEnded }: Line,
  place: string,
  fields: readonly string[],
  lastSteps: LastSteps,
): ImportedAuthenticator {
  if (text === undefined) throw new Misfit(`longer than ${LINE_MAX} characters`);
  if (text.includes("\0")) throw new Misfit("it holds a NUL");
  // A counter without its last figures would let used codes in again. The module ends each line.
  if (!isEnded) throw new Misfit("no line break at its end: the file may be cut off");
  const [type = "", user, password, key, counter, lastCode, time] = fields;
  const known = TYPE.exec(type);
  if (!known) throw new Misfit("a type that pam_oath passes over");
  if (user === undefined || password === undefined || key === undefined) {
    throw new Misfit("fewer fields than type, user, password and key");
  }
  if (!KEY.test(key)) throw new Misfit("a key that is not hexadecimal");
  if (password !== "-" && password !== "+") {
    throw new Misfit("a password in plain text, which would be asked for no more");
  }
  const period = known[1] === undefined ? undefined : Number(known[1]);
  const named = Number(known[2] ?? 6) as Digits;
  const counted = counterOf(counter);
  const usedAt = localTime(time);
  const secret = Uint8Array.fromHex(key);
  const last = lastUse({ secret, period, counted, usedAt, code: lastCode }, lastSteps);
  // The module takes a code of any length, whatever the type says: the device's own counts.
  const digits = last.digits ?? named;
  return {
    kind: "authenticator",
    place,
    user,
    method: period === undefined ? "hotp" : "totp",
    serial: "",
    secret,
    algorithm: "sha1",
    digits,
    period,
    lastCounter: last.counter,
    skew: 0,
    scratchCodes: [],
    remarks: [
      ...(digits === named
        ? []
        : [`its codes have ${digits} digits, though its type says ${named}`]),
      ...(password === "+" ? ["its password was checked elsewhere"] : []),
    ],
  };
}

interface Log {
  readonly secret: Uint8Array;
  readonly period: number | undefined;
  readonly counted: number | undefined;
  readonly code: string | undefined;
  readonly usedAt: number | undefined;
}

/** What is known of the last use, and of how many digits its code had. */
interface LastUse {
  readonly counter: number | undefined;
  readonly digits: Digits | undefined;
}

function lastUse(log: Log, lastSteps: LastSteps): LastUse {
  const { secret, period, counted, code, usedAt } = log;
  // A counter without a code is the next one; a line without either was never used.
  if (counted === undefined) return { counter: -1, digits: undefined };
  if (period === undefined) {
    if (code === undefined) return { counter: counted - 1, digits: undefined };
    return { counter: counted, digits: digitsOfCode({ secret, code }, counted) };
  }
  if (code === undefined || usedAt === undefined) return { counter: undefined, digits: undefined };
  const step = lastSteps.find({ secret, code, usedAt, period });
  return { counter: step, digits: step === undefined ? undefined : (code.length as Digits) };
}

function counterOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,20}$/.test(text) && Number(text) <= MAX_COUNTER) return Number(text);
  throw new Misfit("a counter that is no number, or beyond all that can have been counted");
}

/** Milliseconds since the epoch, as if the local time were UTC. */
function localTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [year = 0, month = 0, day = 0, ...clock] = (TIME.exec(text) ?? []).slice(1).map(Number);
  const at = Date.UTC(year, month - 1, day, ...clock);
  if (at >= 0 && new Date(at).getUTCDate() === day) return at;
  throw new Misfit("a time of last use that is none");
}
