/**
 * A YubiKey in software, made from the format's description and apart from the product's own
 * reading of it: an error in both must be made twice.
 */
import { createCipheriv, randomBytes } from "node:crypto";

export interface YubikeyOptions {
  /** 12 letters of modhex. */
  readonly publicId?: string;
  /** Hexadecimal, as in Yubico's CSV: 12 and 32 digits. */
  readonly privateId?: string;
  readonly aesKey?: string;
  /** How often it was plugged in before. */
  readonly useCounter?: number;
}

/** What a touch puts into the block; what is absent goes on as in a key. */
export interface Press {
  readonly useCounter?: number;
  readonly sessionCounter?: number;
  readonly timestamp?: number;
  readonly random?: number;
  /** Sets bit 15 of the use counter. */
  readonly isCapsLock?: boolean;
  /** Added to the right checksum. */
  readonly wrongCrc?: number;
}

const DIGITS = new Map(
  Array.from("0123456789abcdef", (digit, at) => [digit, "cbdefghijklnrtuv".charAt(at)]),
);
/** The same sixteen keys, where they are on a Dvorak keyboard. */
const ON_DVORAK = new Map(
  Array.from("cbdefghijklnrtuv", (letter, at) => [letter, "jxe.uidchtnbpygk".charAt(at)]),
);

export class SoftwareYubikey {
  readonly publicId: string;
  readonly privateId: string;
  readonly aesKey: string;
  #useCounter: number;
  #sessionCounter = 0;
  #timestamp = 0x1234;

  constructor(options: YubikeyOptions = {}) {
    const serial = randomBytes(4).toString("hex");
    this.publicId = options.publicId ?? modhex(`0000${serial}`);
    this.privateId = options.privateId ?? randomBytes(6).toString("hex");
    this.aesKey = options.aesKey ?? randomBytes(16).toString("hex");
    this.#useCounter = (options.useCounter ?? 0) + 1;
  }

  /** AES key and private id, as they are enrolled. */
  get secret(): Buffer {
    return Buffer.from(this.aesKey + this.privateId, "hex");
  }

  /** Out and in again: one use more, and a session that begins at 0. */
  plugIn(): void {
    this.#useCounter++;
    this.#sessionCounter = 0;
  }

  /** What it types, without the Enter. */
  touch(press: Press = {}): string {
    const sessionCounter = press.sessionCounter ?? this.#sessionCounter++;
    this.#timestamp += 40;
    const use = (press.useCounter ?? this.#useCounter) + (press.isCapsLock ? 0x8000 : 0);
    const block = blockOf({
      privateId: this.privateId,
      useCounter: use,
      timestamp: press.timestamp ?? this.#timestamp,
      sessionCounter,
      random: press.random ?? randomBytes(2).readUInt16LE(),
      wrongCrc: press.wrongCrc ?? 0,
    });
    const cipher = createCipheriv("aes-128-ecb", Buffer.from(this.aesKey, "hex"), null);
    return this.publicId + modhex(cipher.update(block).toString("hex"));
  }
}

export function modhex(hexadecimal: string): string {
  return Array.from(hexadecimal, (digit) => DIGITS.get(digit) ?? "?").join("");
}

/** The same touch, on a host with a Dvorak keyboard. */
export function typedOnDvorak(otp: string): string {
  return Array.from(otp, (letter) => ON_DVORAK.get(letter) ?? letter).join("");
}

interface Block {
  readonly privateId: string;
  readonly useCounter: number;
  readonly timestamp: number;
  readonly sessionCounter: number;
  readonly random: number;
  readonly wrongCrc: number;
}

function blockOf(from: Block): Buffer {
  const block = Buffer.alloc(16);
  block.write(from.privateId, "hex");
  block.writeUInt16LE(from.useCounter, 6);
  block.writeUIntLE(from.timestamp, 8, 3);
  block.writeUInt8(from.sessionCounter, 11);
  block.writeUInt16LE(from.random, 12);
  block.writeUInt16LE((checksum(block.subarray(0, 14)) + from.wrongCrc) & 0xffff, 14);
  return block;
}

/** Of the 14 bytes before it: the complement of their CRC, so that all 16 leave the residue. */
export function checksum(bytes: Uint8Array): number {
  return ~crcOf(bytes) & 0xffff;
}

/** As a division, bit by bit, lowest first: x^16 + x^12 + x^5 + 1. */
export function crcOf(bytes: Uint8Array): number {
  let register = 0b1111_1111_1111_1111;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = ((byte >> bit) ^ register) & 1;
      register >>= 1;
      if (isOdd) register ^= 0b1000_0100_0000_1000;
    }
  }
  return register;
}
