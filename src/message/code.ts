/** A code of one message: made for one login, known to it alone, and gone with it. */
import { timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../contracts/clock.ts";

const DIGITS = 8;
const CODES = 10 ** DIGITS;
/** Above this, some codes would be likelier than others. */
const EVEN = Math.floor(2 ** 32 / CODES) * CODES;

/** In ASCII; the caller zeroes it. */
export function newCode(random: RandomBytes): Buffer {
  for (;;) {
    const number = new DataView(Uint8Array.from(random(4)).buffer).getUint32(0);
    if (number < EVEN) return Buffer.from(String(number % CODES).padStart(DIGITS, "0"));
  }
}

/** It takes as long however much of it is right. */
export function isCode(code: Buffer, typed: string): boolean {
  const digits = typed.replace(/[ \t\r\n-]/g, "");
  if (!/^[0-9]+$/.test(digits) || digits.length !== code.length) return false;
  return timingSafeEqual(Buffer.from(digits), code);
}
