/**
 * One-time passwords of a YubiKey: 12 characters that say which key it is, and 32 that are an
 * AES-128 block (developers.yubico.com/OTP/OTPs_Explained.html), in Yubico's own hexadecimal.
 */
import { createDecipheriv, timingSafeEqual } from "node:crypto";

/** The method's name. */
export const YUBIKEY = "yubikey";

/** Modhex: the sixteen digits in letters that nearly every keyboard has in the same place. */
const MODHEX = "cbdefghijklnrtuv";
/** What a Dvorak keyboard makes of them: the key sends scan codes, not letters. */
const DVORAK = "jxe.uidchtnbpygk";

export const OTP_LENGTH = 44;
export const PUBLIC_ID_LENGTH = 12;

const AES_KEY_BYTES = 16;
export const PRIVATE_ID_BYTES = 6;
/** The AES key, then the private id: what is sealed of a key that is judged here. */
export const YUBIKEY_SECRET_BYTES = AES_KEY_BYTES + PRIVATE_ID_BYTES;

/** Of CRC-16 (ISO 13239) over a block that ends in its own checksum. */
const CRC_RESIDUE = 0xf0b8;
/** Bit 15 of the use counter tells that Caps Lock set the key off. */
const USE_COUNTER_BITS = 0x7fff;
/** What the session counter counts to before it begins anew, with a use more. */
const SESSIONS = 256;

/**
 * A one-time password in modhex, lower case, as whoever judges it wants it; undefined for what
 * has not its form. What is modhex as it stands is not taken for Dvorak.
 * @param text without white space, in either case
 */
export function readYubikeyOtp(text: string): string | undefined {
  if (text.length !== OTP_LENGTH) return undefined;
  if (/^[cbdefghijklnrtuv]+$/i.test(text)) return text.toLowerCase();
  if (!/^[jxe.uidchtnbpygk]+$/i.test(text)) return undefined;
  return Array.from(text.toLowerCase(), (typed) => MODHEX.charAt(DVORAK.indexOf(typed))).join("");
}

/** Which key it is of. */
export function publicIdOf(otp: string): string {
  return otp.slice(0, PUBLIC_ID_LENGTH);
}

/** True for a public id in modhex, lower case. */
export function isPublicId(text: string): boolean {
  return text.length === PUBLIC_ID_LENGTH && /^[cbdefghijklnrtuv]+$/.test(text);
}

/** One number for both counters: it grows with every touch, also across being plugged in. */
export function counterFrom(useCounter: number, sessionCounter: number): number {
  return useCounter * SESSIONS + sessionCounter;
}

/**
 * The counter that a one-time password was made with; undefined where it was not made with this
 * secret. Neither the checksum nor the private id tells by the time it takes which did not fit.
 * @param otp as `readYubikeyOtp` returns it
 * @param secret of `YUBIKEY_SECRET_BYTES`
 */
export function openYubikeyOtp(otp: string, secret: Uint8Array): number | undefined {
  if (otp.length !== OTP_LENGTH || secret.length !== YUBIKEY_SECRET_BYTES) return undefined;
  const cipher = createDecipheriv("aes-128-ecb", secret.subarray(0, AES_KEY_BYTES), null);
  cipher.setAutoPadding(false);
  const block = cipher.update(decodeModhex(otp.slice(PUBLIC_ID_LENGTH)));
  const isWhole = crc16(block) === CRC_RESIDUE;
  const isItsOwn = timingSafeEqual(
    block.subarray(0, PRIVATE_ID_BYTES),
    secret.subarray(AES_KEY_BYTES),
  );
  const counter = counterFrom(block.readUInt16LE(6) & USE_COUNTER_BITS, block.readUInt8(11));
  block.fill(0);
  return isWhole && isItsOwn ? counter : undefined;
}

function decodeModhex(text: string): Buffer {
  const digits = Array.from(text, (letter) => MODHEX.indexOf(letter).toString(16));
  return Buffer.from(digits.join(""), "hex");
}

/** Reflected, polynomial 0x8408, begun with ones. */
function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x8408 : 0);
  }
  return crc;
}
