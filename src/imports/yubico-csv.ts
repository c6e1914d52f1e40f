/**
 * What Yubico's tools write down of the keys that they set up, one slot a line:
 *
 *     serial,public id,private id,AES key,access code,time,            (for a slot of HOTP:
 *     serial,token id,counter,secret,access code,time,                  no private id)
 *
 * of YubiKey Manager, the key storage module (ykksm), and the personalization tool's "Yubico
 * format"; and that tool's configuration log in its "traditional format":
 *
 *     Yubico OTP,time,slot,public id,private id,AES key,access code,new access code,…
 *     OATH-HOTP,time,slot,token id,,secret,access code,new access code,…,digits,counter,…
 *
 * Access codes guard a key against being set up anew; they are left where they are.
 */
import type { ImportedAuthenticator, ImportItem } from "../contracts/imported.ts";
import { Fault } from "../core/fault.ts";
import type { Digits } from "../core/totp.ts";
import { itemOf } from "./fit.ts";
import { type Chunks, linesOf } from "./lines.ts";
import { Misfit } from "./misfit.ts";

/** Characters of a line; the longest of them have a tenth of it. */
export const ROW_MAX = 4_096;

/** Comments, the log's beginnings, the names of columns, and changes that bring no secret. */
const NO_SLOT = /^(?:#|LOGGING START(?:,|$)|"?serial|Configuration (?:Update|Swap)(?:,|$))/i;
const PUBLIC_ID = /^[cbdefghijklnrtuv]{12}$/i;
const PRIVATE_ID = /^[0-9a-f]{12}$/i;
const AES_KEY = /^[0-9a-f]{32}$/i;
const HOTP_SECRET = /^(?:[0-9a-f]{2}){16,64}$/i;
const TOKEN_ID = /^[cbdefghijklnrtuv]{2,12}$/i;
/** What a token id is where there is none. */
const NO_ID = /^c*$/i;

/** One line, in whichever of the two orders. */
interface Slot {
  readonly isHotp: boolean;
  readonly serial: string;
  readonly id: string;
  readonly privateId: string;
  readonly secret: string;
  readonly counter: string;
  /** Empty where the format does not tell. */
  readonly digits: string;
  readonly hasAccessCode: boolean;
}

/** @throws Fault `import-invalid` when the first line that says anything is none of such a file */
export async function* readYubicoCsv(chunks: Chunks): AsyncGenerator<ImportItem> {
  let isFirst = true;
  for await (const { number, text, isEnded } of linesOf(chunks, ROW_MAX)) {
    const row = text?.trim();
    if (row === "" || (row !== undefined && NO_SLOT.test(row))) continue;
    const fields = row === undefined ? [] : fieldsOf(row);
    if (isFirst && !isSlot(fields)) {
      throw new Fault("import-invalid", `line ${number}: this is no list of YubiKeys`, {
        hint: "Yubico's tools write it when a key is set up: one line for each, with commas",
      });
    }
    isFirst = false;
    const place = `line ${number}`;
    yield itemOf(place, undefined, () => {
      if (!isEnded) throw new Misfit("no line break at its end: the file may be cut off");
      return authenticatorOf(place, fields);
    });
  }
}

/** Spreadsheets put quotation marks around them. */
function fieldsOf(row: string): string[] {
  return row.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

function isSlot(fields: readonly string[]): boolean {
  return isLogged(fields) || (fields.length >= 6 && /^[0-9]{0,10}$/.test(fields[0] ?? ""));
}

function isLogged([event = ""]: readonly string[]): boolean {
  return /^(?:Yubico OTP|OATH-HOTP|Static Password|Challenge-Response|Unknown prog)/.test(event);
}

function authenticatorOf(place: string, fields: readonly string[]): ImportedAuthenticator {
  if (!isSlot(fields)) throw new Misfit("not a line of a slot, or not a whole one");
  const slot = isLogged(fields) ? loggedSlot(fields) : listedSlot(fields);
  const own = slot.isHotp ? hotpOf(slot) : yubikeyOf(slot);
  return {
    kind: "authenticator",
    place,
    user: undefined,
    ...own,
    period: undefined,
    skew: 0,
    scratchCodes: [],
    remarks: [
      ...own.remarks,
      ...(slot.hasAccessCode ? ["its access code does not come along"] : []),
    ],
  };
}

function loggedSlot(fields: readonly string[]): Slot {
  const [event = ""] = fields;
  if (event.startsWith("Static")) throw new Misfit("a static password, the same each time");
  if (event.startsWith("Challenge")) throw new Misfit("it answers challenges");
  // The time is in the form of the tool's own language, which may have a comma in it.
  const at = [2, 3].find((index) => /^[12]$/.test(fields[index] ?? ""));
  if (at === undefined || fields.length < at + 11) throw new Misfit("not a whole line of a log");
  const [id, privateId, secret, ...rest] = fields.slice(at + 1);
  const [access, newAccess, , , , digits, counter] = rest;
  return {
    isHotp: event === "OATH-HOTP",
    serial: "",
    id: id ?? "",
    privateId: privateId ?? "",
    secret: secret ?? "",
    digits: digits ?? "",
    counter: counter ?? "",
    hasAccessCode: Boolean(access || newAccess),
  };
}

/** The kind of a slot shows only in what is there of it. */
function listedSlot(fields: readonly string[]): Slot {
  const [serial = "", id = "", third = "", secret = "", access] = fields;
  if (id === "" && third === "") throw new Misfit("a static password, the same each time");
  const isHotp = /^[0-9]{1,10}$/.test(third) || (secret.length > 32 && !PRIVATE_ID.test(third));
  return {
    isHotp,
    serial: serial.replace(/^0+/, ""),
    id,
    privateId: third,
    secret,
    digits: "",
    counter: third,
    hasAccessCode: Boolean(access),
  };
}

type Own = Pick<
  ImportedAuthenticator,
  "method" | "serial" | "secret" | "algorithm" | "digits" | "lastCounter" | "remarks"
>;

function yubikeyOf({ id, privateId, secret }: Slot): Own {
  if (!PUBLIC_ID.test(id)) throw new Misfit("its public id is not of 12 letters of modhex");
  if (!AES_KEY.test(secret)) throw new Misfit("its AES key is not of 32 hexadecimal digits");
  if (!PRIVATE_ID.test(privateId))
    throw new Misfit("its private id is not of 12 hexadecimal digits");
  return {
    method: "yubikey",
    serial: id.toLowerCase(),
    secret: Uint8Array.fromHex(secret + privateId),
    algorithm: undefined,
    digits: undefined,
    lastCounter: -1,
    remarks: ["its counters are not told: what it typed before could be used once"],
  };
}

/** The printed serial number before the token's id: it is what people can read off the key. */
function hotpOf({ serial, id, secret, counter, digits }: Slot): Own {
  if (!HOTP_SECRET.test(secret)) throw new Misfit("neither an AES key nor a secret for HOTP");
  if (!/^[0-9]{1,10}$/.test(counter)) throw new Misfit("its counter is no number");
  if (!/^[678]?$/.test(digits)) throw new Misfit("codes not of 6, 7 or 8 digits");
  if (!TOKEN_ID.test(id) && !NO_ID.test(id)) throw new Misfit("its token id is not in modhex");
  const name = serial || (NO_ID.test(id) ? "" : id.toLowerCase());
  if (name === "") throw new Misfit("no serial number to know it by");
  const remarks: string[] = [];
  if (digits === "") remarks.push("its number of digits is not told: taken as 6");
  if (digits === "" && id === "") remarks.push("or it answers challenges: the file does not tell");
  if (!NO_ID.test(id)) remarks.push("if it types its id before a code, no code fits");
  return {
    method: "hotp",
    serial: name,
    secret: Uint8Array.fromHex(secret),
    algorithm: "sha1",
    digits: Number(digits || 6) as Digits,
    lastCounter: Number(counter) - 1,
    remarks,
  };
}
