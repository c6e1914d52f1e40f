/** A YubiKey's one-time passwords are read as Yubico's own vectors have them, and nothing else is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readAnswer } from "../../src/core/answer.ts";
import {
  counterFrom,
  isPublicId,
  OTP_LENGTH,
  openYubikeyOtp,
  publicIdOf,
  readYubikeyOtp,
} from "../../src/core/yubikey-otp.ts";
import { checksum, crcOf, modhex, SoftwareYubikey, typedOnDvorak } from "../support/yubikey.ts";
import { CRC_VECTORS, MODHEX_VECTORS, OTP_VECTORS } from "../vectors/yubico.ts";

const PUBLIC_ID = "vvccccjddvhv";
const letters = fc.string({
  unit: fc.constantFrom(..."cbdefghijklnrtuv"),
  minLength: OTP_LENGTH,
  maxLength: OTP_LENGTH,
});

describe("Yubico's vectors", () => {
  for (const { aesKey, privateId, block, ...fields } of OTP_VECTORS) {
    const secret = Buffer.from(aesKey + privateId, "hex");

    test(`${block}: the counters, by the key and the private id`, () => {
      const use = fields.useCounter & 0x7fff;
      const expected = counterFrom(use, fields.sessionCounter);
      assert.equal(expected, use * 256 + fields.sessionCounter);
      assert.equal(openYubikeyOtp(PUBLIC_ID + block, secret), expected);
    });

    test(`${block}: the key in software makes the same`, () => {
      const { useCounter, sessionCounter, timestamp, random } = fields;
      const key = new SoftwareYubikey({ publicId: PUBLIC_ID, aesKey, privateId });
      const press = { useCounter, sessionCounter, timestamp, random };
      const touched = key.touch(press);
      assert.equal(touched, PUBLIC_ID + block);
    });
  }

  test("modhex, and the checksum", () => {
    for (const [hexadecimal, encoded] of MODHEX_VECTORS) assert.equal(modhex(hexadecimal), encoded);
    for (const [bytes, crc] of CRC_VECTORS) assert.equal(crcOf(Buffer.from(bytes, "hex")), crc);
  });
});

test("what is not of this key, or not whole, opens nothing", () => {
  const key = new SoftwareYubikey();
  const { secret } = key;
  assert.equal(openYubikeyOtp(key.touch(), secret), 256);
  assert.equal(openYubikeyOtp(key.touch(), secret), 257);
  key.plugIn();
  assert.equal(openYubikeyOtp(key.touch(), secret), 512);
  const another = new SoftwareYubikey({ publicId: key.publicId });
  assert.equal(openYubikeyOtp(another.touch(), secret), undefined);
  const namesake = new SoftwareYubikey({ publicId: key.publicId, aesKey: key.aesKey });
  assert.equal(openYubikeyOtp(namesake.touch(), secret), undefined);
  for (const wrongCrc of [1, 0x8000, 0xffff]) {
    assert.equal(openYubikeyOtp(key.touch({ wrongCrc }), secret), undefined, `${wrongCrc}`);
  }
});

test("any change of one character opens nothing", () => {
  const key = new SoftwareYubikey();
  const otp = key.touch();
  for (let at = 12; at < OTP_LENGTH; at++) {
    const letter = otp[at] === "c" ? "b" : "c";
    const changed = otp.slice(0, at) + letter + otp.slice(at + 1);
    assert.equal(openYubikeyOtp(changed, key.secret), undefined, `${at}`);
  }
});

test("what has not its length opens nothing", () => {
  const key = new SoftwareYubikey();
  const otp = key.touch();
  for (const length of [0, 12, 42, 43]) {
    assert.equal(openYubikeyOtp(otp.slice(0, length), key.secret), undefined);
  }
  assert.equal(openYubikeyOtp(otp, key.secret.subarray(1)), undefined);
  assert.equal(openYubikeyOtp(otp, new Uint8Array()), undefined);
});

test("Caps Lock is no counter: bit 15 is left out of it", () => {
  const key = new SoftwareYubikey();
  const counter = openYubikeyOtp(key.touch({ useCounter: 0x7fff, sessionCounter: 3 }), key.secret);
  const locked = key.touch({ useCounter: 0x7fff, sessionCounter: 3, isCapsLock: true });
  assert.equal(openYubikeyOtp(locked, key.secret), counter);
  assert.equal(counter, 0x7fff * 256 + 3);
});

test("an answer of 44 letters of modhex is a YubiKey's, in either case, strewn with white space", () => {
  fc.assert(
    fc.property(letters, fc.nat({ max: OTP_LENGTH }), (otp, at) => {
      const expected = { shape: "yubikey", code: otp };
      assert.deepEqual(readAnswer(`${otp}\n`), expected);
      assert.deepEqual(readAnswer(otp.toUpperCase()), expected);
      assert.deepEqual(readAnswer(`${otp.slice(0, at)} \t${otp.slice(at)}\r\n`), expected);
      assert.equal(readYubikeyOtp(otp), otp);
    }),
  );
});

test("what a Dvorak keyboard made of it is the same answer", () => {
  fc.assert(
    fc.property(letters, (otp) => {
      const typed = typedOnDvorak(otp);
      // Few in a million are modhex as they stand: those are not translated.
      const expected = /^[cbdefghijklnrtuv]+$/.test(typed) ? typed : otp;
      assert.deepEqual(readAnswer(typed), { shape: "yubikey", code: expected });
      assert.deepEqual(readAnswer(typed.toUpperCase()), { shape: "yubikey", code: expected });
    }),
  );
  const key = new SoftwareYubikey();
  const otp = key.touch();
  assert.deepEqual(readAnswer(typedOnDvorak(otp)), { shape: "yubikey", code: otp });
});

test("what is near it is malformed", () => {
  const otp = new SoftwareYubikey().touch();
  const near = [
    otp.slice(1),
    `${otp}c`,
    `${otp.slice(0, 43)}a`,
    `${otp.slice(0, 43)}.`,
    `${otp.slice(0, 22)}-${otp.slice(22)}`,
    `${otp.slice(0, 43)}\u0441`,
    `${typedOnDvorak(otp).slice(1)}q`,
    "123456.",
    "push.",
    ".",
    ".".repeat(43),
    "01234-5678.9",
  ];
  for (const typed of near) assert.deepEqual(readAnswer(typed), { shape: "malformed" }, typed);
});

test("the public id is the first twelve", () => {
  const key = new SoftwareYubikey();
  assert.equal(publicIdOf(key.touch()), key.publicId);
  assert.equal(isPublicId(key.publicId), true);
  for (const text of ["", "cccccccccccC", "ccccccccccca", "ccccccccccccc", "ccccccccccc"]) {
    assert.equal(isPublicId(text), false, text);
  }
});

test("the checksum of the key in software leaves the residue that is published", () => {
  for (const { crc, ...fields } of OTP_VECTORS) {
    const bytes = Buffer.alloc(16);
    bytes.write(fields.privateId, "hex");
    bytes.writeUInt16LE(fields.useCounter, 6);
    bytes.writeUIntLE(fields.timestamp, 8, 3);
    bytes.writeUInt8(fields.sessionCounter, 11);
    bytes.writeUInt16LE(fields.random, 12);
    bytes.writeUInt16LE(crc, 14);
    assert.equal(checksum(bytes.subarray(0, 14)), crc);
    assert.equal(crcOf(bytes), 0xf0b8);
  }
});
