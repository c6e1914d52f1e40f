import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_COST, slowHash } from "../../src/keys/slow-hash.ts";
import { fault } from "../files/sandbox.ts";

// RFC 7914 section 12: the first 32 bytes, for PBKDF2's blocks do not depend on the length.
const VECTORS = [
  ["", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"],
  [
    "password",
    "NaCl",
    1024,
    8,
    16,
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162",
  ],
  [
    "pleaseletmein",
    "SodiumChloride",
    16384,
    8,
    1,
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
  ],
] as const;

test("the vectors of RFC 7914", async () => {
  for (const [text, salt, N, r, p, expected] of VECTORS) {
    const hash = await slowHash(text, Buffer.from(salt), { N, r, p });
    assert.equal(hash.toString("hex"), expected);
  }
});

test("the default cost fits the memory limit", async () => {
  assert.equal((await slowHash("code", Buffer.alloc(16), DEFAULT_COST)).length, 32);
});

test("a cost that nobody made is refused before memory is taken", async () => {
  const { N, r, p } = DEFAULT_COST;
  for (const cost of [
    { N: 2 ** 30, r, p },
    { N, r: 2 ** 20, p },
    { N, r, p: 2 ** 20 },
    { N: 1, r, p },
    { N: 1000, r, p },
    { N, r: 0, p },
    { N, r, p: -1 },
    { N: Number.NaN, r, p },
    { N: 2.5, r, p },
    { N: Number.POSITIVE_INFINITY, r, p },
  ]) {
    await assert.rejects(slowHash("code", Buffer.alloc(16), cost), fault("store-corrupt"));
  }
});
