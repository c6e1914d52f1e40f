/**
 * Files of other systems, damaged at random: an importer makes of them what it promises
 * (src/contracts/imported.ts), or a fault, and tells no secret in either.
 */
import assert from "node:assert/strict";
import type { ImportedAuthenticator, ImportItem } from "../../src/contracts/imported.ts";
import { encodeBase32 } from "../../src/core/base32.ts";
import { Fault } from "../../src/core/fault.ts";
import { isPrintable } from "../../src/core/printable.ts";
import { ALGORITHMS, codeAt, SECRET_BOUNDS } from "../../src/core/totp.ts";
import { MAX_COUNTER, MAX_PERIOD, MAX_SKEW } from "../../src/imports/fit.ts";
import { readStateFile } from "../../src/imports/google-authenticator.ts";
import { readKeyUris } from "../../src/imports/key-uris.ts";
import { readOathUsers } from "../../src/imports/oath-users.ts";
import { readFields } from "../../src/imports/protobuf.ts";
import { mutate, ODD } from "./mutate.ts";
import type { Random } from "./random.ts";

type Items = AsyncIterable<ImportItem> | Iterable<ImportItem>;

/** Milliseconds for one small file; a thousand times what it takes. */
const PATIENCE = 5_000;

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

/** The text with a few bytes changed, as whoever opens a file would decode it. */
export function damaged(random: Random, text: string): string {
  return mutate(random, Buffer.from(text)).toString("utf8");
}

/** The text in chunks, as a file is read. */
export function* chunksOf(random: Random, text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const to = at + 1 + random.below(random.below(2) ? 8 : 2_000);
    yield text.slice(at, to);
    at = to;
  }
}

/** How a secret could be told: in its file's spelling, and in those of others; parts suffice. */
export function secretsIn(secret: Uint8Array, spelled: string): string[] {
  const spellings = [spelled, encodeBase32(secret), Buffer.from(secret).toString("hex")];
  return [...spellings, Buffer.from(secret).toString("base64")].map((text) => text.slice(2, 12));
}

/**
 * Reads to the end, and holds every item, or the fault, to what any import promises.
 * @param secrets what no word may hold, whatever the letter case
 */
export async function holds(items: Items, secrets: readonly string[]): Promise<void> {
  const began = performance.now();
  try {
    for await (const item of items) {
      holdsWords(item, secrets);
      if (item.kind === "authenticator") holdsBounds(item);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof Fault, `no fault: ${error}`);
    assert.ok(["import-invalid", "usage"].includes(error.code), error.code);
    holdsText(error.message, secrets);
    holdsText(error.hint ?? "", secrets);
  }
  assert.ok(performance.now() - began < PATIENCE, "it took too long");
}

function holdsWords(item: ImportItem, secrets: readonly string[]): void {
  const { kind, place, user } = item;
  holdsText(place, secrets);
  if (user !== undefined) holdsText(user, kind === "unfit" ? secrets : []);
  if (kind === "unfit") {
    assert.notEqual(item.why, "");
    holdsText(item.why, secrets);
  } else {
    holdsText(item.serial, secrets);
    for (const remark of item.remarks) holdsText(remark, secrets);
  }
}

function holdsText(text: string, secrets: readonly string[]): void {
  assert.ok(text.length <= 300, "a message without an end");
  assert.ok(isPrintable(text), "a message holds control characters");
  const told = secrets.some((secret) => text.toLowerCase().includes(secret.toLowerCase()));
  assert.ok(!told, "a message tells a secret");
}

function holdsBounds(item: ImportedAuthenticator): void {
  const { method, secret, algorithm, digits, period, lastCounter, skew, scratchCodes } = item;
  if (lastCounter !== undefined) {
    assert.ok(Number.isSafeInteger(lastCounter) && lastCounter >= -1 && lastCounter <= MAX_COUNTER);
  }
  assert.ok(Number.isInteger(skew) && Math.abs(skew) <= MAX_SKEW, "a skew out of bounds");
  for (const code of scratchCodes) assert.match(code, /^[0-9]{6,10}$/);
  if (method === "yubikey") {
    assert.equal(secret.length, 22);
    assert.match(item.serial, /^[cbdefghijklnrtuv]{2,32}$/);
    assert.deepEqual([algorithm, digits, period], [undefined, undefined, undefined]);
    return;
  }
  const { shortest, longest } = SECRET_BOUNDS;
  assert.ok(secret.length >= shortest && secret.length <= longest, "a secret out of bounds");
  assert.ok(algorithm !== undefined && ALGORITHMS.includes(algorithm), "no algorithm");
  assert.ok(digits === 6 || digits === 7 || digits === 8, "digits out of bounds");
  const isPeriod = period !== undefined && Number.isInteger(period) && period >= 1;
  assert.ok(method === "totp" ? isPeriod && period <= MAX_PERIOD : period === undefined, "period");
  // What was let in can be computed with.
  assert.match(
    codeAt(secret, Math.max(0, lastCounter ?? 0), { algorithm, digits }),
    /^[0-9]{6,8}$/,
  );
}
