/**
 * Whether an entry of an import can be at all. Its parser has looked at it in the client, which
 * is no reason to believe it.
 */
import type { ImportEntry } from "../../contracts/imported.ts";
import { isAccount } from "../../core/account.ts";
import { isPrintable } from "../../core/printable.ts";
import { ALGORITHMS } from "../../core/totp.ts";

/** Bytes: of a shared secret, and of a YubiKey's key with its private id. */
const SECRET_MOST = 128;
const YUBIKEY_SECRET = 22;
/** Seconds. */
const PERIOD_MOST = 3_600;
/** Time steps: half a day of half minutes. */
const SKEW_MOST = 1_500;
/** Beyond it whole numbers cannot be counted on. */
const COUNTER_MOST = 2 ** 52;
/** A YubiKey's use counter has 15 bits, its session counter 8. */
const YUBIKEY_COUNTER_MOST = 2 ** 23 - 1;
const SERIAL_MOST = 64;
const CODES_MOST = 100;
/** Of one user, of one method: each answer is tried with all of them. */
export const MOST_OF_ONE = 20;

/** Why it cannot come, whatever is in the store; undefined where it may. */
export function flawOf(entry: ImportEntry): string | undefined {
  const { user, serial, skew, lastCounter, scratchCodes } = entry;
  if (user !== undefined && !isAccount(user)) return "its user's name is no account name";
  if (serial !== "" && !isSerial(serial)) return "its serial number is none";
  if (user === undefined && serial === "") return "it has neither a user nor a serial number";
  if (user === undefined && scratchCodes.length > 0) return "scratch codes that are nobody's";
  if (scratchCodes.length > CODES_MOST) return `more than ${CODES_MOST} scratch codes`;
  if (!scratchCodes.every((code) => /^[0-9]{8}$/.test(code))) {
    return "a scratch code that is not of 8 digits";
  }
  if (!isWithin(skew, -SKEW_MOST, SKEW_MOST)) return "its clock is too far off";
  const most = entry.method === "yubikey" ? YUBIKEY_COUNTER_MOST : COUNTER_MOST;
  if (lastCounter !== undefined && !isWithin(lastCounter, -1, most)) {
    return "its counter is out of range";
  }
  return entry.method === "yubikey" ? flawOfYubiKey(entry) : flawOfPassword(entry);
}

function flawOfYubiKey({ secret, serial, lastCounter, ...entry }: ImportEntry): string | undefined {
  if (secret.length !== YUBIKEY_SECRET) return "no AES key with its private id";
  if (!/^(?:[cbdefghijklnrtuv]{2}){1,16}$/.test(serial)) return "its public id is not in modhex";
  const others = [entry.algorithm, entry.digits, entry.period];
  if (entry.skew !== 0 || others.some((each) => each !== undefined)) {
    return "a YubiKey has no digits and no clock";
  }
  return lastCounter === undefined ? "its counter is not known" : undefined;
}

function flawOfPassword(entry: ImportEntry): string | undefined {
  const { method, secret, algorithm, digits, period, skew, lastCounter } = entry;
  if (!isWithin(secret.length, 1, SECRET_MOST)) return "its secret is too long, or empty";
  if (algorithm === undefined || !ALGORITHMS.includes(algorithm))
    return "its algorithm is not known";
  if (digits === undefined || !isWithin(digits, 6, 8)) return "codes not of 6, 7 or 8 digits";
  if (method === "totp") {
    const isPeriod = period !== undefined && isWithin(period, 1, PERIOD_MOST);
    return isPeriod ? undefined : `a time step that is not of 1 to ${PERIOD_MOST} seconds`;
  }
  if (period !== undefined || skew !== 0) return "what counts has no clock";
  return lastCounter === undefined ? "its counter is not known" : undefined;
}

function isSerial(text: string): boolean {
  return text.length <= SERIAL_MOST && isPrintable(text) && text === text.trim();
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
