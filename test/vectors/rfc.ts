/** The published test vectors: RFC 4226 appendix D and RFC 6238 appendix B, word for word. */
import type { Algorithm } from "../../src/core/totp.ts";

const DIGITS = "1234567890".repeat(7);

/** RFC 4226 appendix D: the secret of every row. */
export const HOTP_SECRET = Buffer.from(DIGITS.slice(0, 20));

/** RFC 4226 appendix D, both tables: count, HMAC, truncated (hexadecimal, decimal), code. */
export const HOTP_VECTORS: readonly (readonly [number, string, string, number, string])[] = [
  [0, "cc93cf18508d94934c64b65d8ba7667fb7cde4b0", "4c93cf18", 1284755224, "755224"],
  [1, "75a48a19d4cbe100644e8ac1397eea747a2d33ab", "41397eea", 1094287082, "287082"],
  [2, "0bacb7fa082fef30782211938bc1c5e70416ff44", "82fef30", 137359152, "359152"],
  [3, "66c28227d03a2d5529262ff016a1e6ef76557ece", "66ef7655", 1726969429, "969429"],
  [4, "a904c900a64b35909874b33e61c5938a8e15ed1c", "61c5938a", 1640338314, "338314"],
  [5, "a37e783d7b7233c083d4f62926c7a25f238d0316", "33c083d4", 868254676, "254676"],
  [6, "bc9cd28561042c83f219324d3c607256c03272ae", "7256c032", 1918287922, "287922"],
  [7, "a4fb960c0bc06e1eabb804e5b397cdc4b45596fa", "4e5b397", 82162583, "162583"],
  [8, "1b3c89f65e6c9e883012052823443f048b4332db", "2823443f", 673399871, "399871"],
  [9, "1637409809a679dc698207310c8c7fc07290d9e5", "2679dc69", 645520489, "520489"],
];

/** RFC 6238 appendix B: a seed as long as each hash, as its reference code has. */
export const TOTP_SECRETS: Readonly<Record<Algorithm, Buffer>> = {
  sha1: Buffer.from(DIGITS.slice(0, 20)),
  sha256: Buffer.from(DIGITS.slice(0, 32)),
  sha512: Buffer.from(DIGITS.slice(0, 64)),
};

/** RFC 6238 appendix B: time in seconds, T (hexadecimal), code, algorithm. X = 30, 8 digits. */
export const TOTP_VECTORS: readonly (readonly [number, string, string, Algorithm])[] = [
  [59, "0000000000000001", "94287082", "sha1"],
  [59, "0000000000000001", "46119246", "sha256"],
  [59, "0000000000000001", "90693936", "sha512"],
  [1111111109, "00000000023523EC", "07081804", "sha1"],
  [1111111109, "00000000023523EC", "68084774", "sha256"],
  [1111111109, "00000000023523EC", "25091201", "sha512"],
  [1111111111, "00000000023523ED", "14050471", "sha1"],
  [1111111111, "00000000023523ED", "67062674", "sha256"],
  [1111111111, "00000000023523ED", "99943326", "sha512"],
  [1234567890, "000000000273EF07", "89005924", "sha1"],
  [1234567890, "000000000273EF07", "91819424", "sha256"],
  [1234567890, "000000000273EF07", "93441116", "sha512"],
  [2000000000, "0000000003F940AA", "69279037", "sha1"],
  [2000000000, "0000000003F940AA", "90698825", "sha256"],
  [2000000000, "0000000003F940AA", "38618901", "sha512"],
  [20000000000, "0000000027BC86AA", "65353130", "sha1"],
  [20000000000, "0000000027BC86AA", "77737706", "sha256"],
  [20000000000, "0000000027BC86AA", "47863826", "sha512"],
];

/** RFC 4648 section 10: text, base32 with its padding. */
export const BASE32_VECTORS: readonly (readonly [string, string])[] = [
  ["", ""],
  ["f", "MY======"],
  ["fo", "MZXQ===="],
  ["foo", "MZXW6==="],
  ["foob", "MZXW6YQ="],
  ["fooba", "MZXW6YTB"],
  ["foobar", "MZXW6YTBOI======"],
];
