/**
 * Files of other systems, damaged at random: an importer makes of them what it promises
 * (src/contracts/imported.ts), or a fault, and tells no secret in either.
 */
import assert from "node:assert/strict";
import { encodeBase32 } from "../../src/core/base32.ts";
import { codeAt } from "../../src/core/totp.ts";
import { readStateFile } from "../../src/imports/google-authenticator.ts";
import { readKeyUris } from "../../src/imports/key-uris.ts";
import { readOathUsers } from "../../src/imports/oath-users.ts";
import { readFields } from "../../src/imports/protobuf.ts";
import { pskc } from "./fuzz-pskc.ts";
import { yubico } from "./fuzz-yubico.ts";
import { chunksOf, damaged, holds, secretsIn } from "./imported-items.ts";
import { mutate, ODD } from "./mutate.ts";
import type { Random } from "./random.ts";

/** One try each; it throws when something that must hold does not. */
export const IMPORTS: Readonly<Record<string, (random: Random) => Promise<void>>> = {
  async "state files"(random) {
    const secret = random.bytes(8 + random.below(16));
    const key = encodeBase32(secret);
    const options = [
      `TOTP_AUTH`,
      `HOTP_COUNTER ${random.below(4)}`,
      `STEP_SIZE ${random.below(70)}`,
      `WINDOW_SIZE ${random.below(120)}`,
      `DISALLOW_REUSE ${random.below(2 ** 30)} ${random.below(2 ** 30)}`,
      `TIME_SKEW ${random.below(4_000) - 2_000}`,
      "RATE_LIMIT 3 30 1763800000",
      "LAST0 host.example 1763800000",
      `${key} ${key}`,
    ].filter(() => random.below(3) > 0);
    const scratch = Array.from({ length: random.below(5) }, () => 9_999_990 + random.below(9 ** 8));
    const lines = [key, ...options.map((option) => `" ${option}`), ...scratch, ""];
    const text = damaged(random, lines.join(random.pick(["\n", "\r\n"])));
    await holds(readStateFile(text, "alice"), secretsIn(secret, key));
  },

  async "users files"(random) {
    const secrets = Array.from({ length: 4 }, () => random.bytes(9 + random.below(24)));
    const lines = secrets.map((secret) => {
      const type = random.pick(["HOTP", "HOTP/E/8", "HOTP/T30", "HOTP/T60/7", "MOTP", "#"]);
      const fields = [type, random.text(ODD, 4), random.pick(["-", "+", "-", "-", "pass"])];
      const counter = random.below(3) ? random.below(9) : `${10 ** random.below(30)}`;
      const code = codeAt(Buffer.alloc(20, 1), random.below(9), { algorithm: "sha1", digits: 6 });
      const log = [counter, code, "2026-11-22T12:00:41L"].slice(0, random.below(4));
      return [...fields, secret.toString("hex"), ...log].join(random.pick(["\t", " ", "  "]));
    });
    const text = damaged(random, `HOTP bob - ${"31".repeat(9)}32\n${lines.join("\n")}\n`);
    const told = secrets.flatMap((secret) => secretsIn(secret, secret.toString("hex")));
    await holds(readOathUsers(chunksOf(random, text)), told);
  },

  async "key URIs, read"(random) {
    const secrets = Array.from({ length: 3 }, () => random.bytes(9 + random.below(30)));
    const lines = secrets.map((secret) => {
      const query = [
        `secret=${encodeBase32(secret)}`,
        `issuer=${encodeURIComponent(random.text(ODD.slice(0, 40), 5))}`,
        `algorithm=${random.pick(["SHA1", "SHA256", "sha512", "MD5"])}`,
        `digits=${5 + random.below(5)}`,
        random.below(2) ? `period=${random.below(4_000)}` : `counter=${random.below(99)}`,
      ].filter(() => random.below(4) > 0);
      const label = random.text([..."alice:%@3A20"], 8);
      return `otpauth://${random.pick(["totp", "hotp"])}/${label}?${query.join("&")}`;
    });
    const text = damaged(random, lines.join("\n"));
    const told = secrets.flatMap((secret) => secretsIn(secret, encodeBase32(secret)));
    await holds(readKeyUris(chunksOf(random, text), ownersIn(random)), told);
  },

  async "exports of Google Authenticator"(random) {
    const secrets = Array.from({ length: 1 + random.below(3) }, () => random.bytes(20));
    const accounts = secrets.map((secret) =>
      field(
        1,
        Buffer.concat([field(1, secret), field(2, Buffer.from("Host:alice")), enums(random)]),
      ),
    );
    const batch = Buffer.of(0x10, 1, 0x18, 1 + random.below(3), 0x20, random.below(3), 0x28, 7);
    const data = mutate(random, Buffer.concat([...accounts, batch])).toString("base64");
    const uri = `otpauth-migration://offline?data=${encodeURIComponent(data)}`;
    const text = random.below(3) ? uri : damaged(random, uri);
    const told = secrets.flatMap((secret) => secretsIn(secret, encodeBase32(secret)));
    await holds(readKeyUris(chunksOf(random, text), ownersIn(random)), told);
  },

  async "messages in Protocol Buffers"(random) {
    const message = random.below(2) ? random.bytes(random.below(60)) : mutate(random, NESTED);
    const fields = readFields(message);
    if (fields === undefined) return;
    let total = 0;
    for (const { number, varint, bytes } of fields) {
      assert.ok(number >= 1 && number < 2 ** 29, "a field's number is out of bounds");
      assert.ok(varint === undefined || (varint >= 0n && varint < 1n << 64n));
      assert.ok(varint === undefined || bytes === undefined, "a field is of two types");
      total += bytes?.length ?? 0;
    }
    assert.ok(total <= message.length, "fields overlap");
  },

  "PSKC files": pskc,

  "lists of Yubico": yubico,
};

const NESTED = field(1, field(1, Buffer.from("12345678901234567890")));

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
}

function enums(random: Random): Buffer {
  const [algorithm, digits, type] = [random.below(5), random.below(3), random.below(3)];
  return Buffer.of(0x20, algorithm, 0x28, digits, 0x30, type, 0x38, random.below(128));
}

function ownersIn(random: Random) {
  return random.pick([{}, {}, { user: "bob" }, { domain: "l" }]) ?? {};
}
