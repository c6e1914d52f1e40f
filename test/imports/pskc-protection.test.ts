import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { test } from "node:test";
import type { ImportItem } from "../../src/contracts/imported.ts";
import { Fault } from "../../src/core/fault.ts";
import { type AskedKey, readPskc } from "../../src/imports/pskc.ts";
import { needs } from "../support/parts.ts";
import { OPENSSL } from "./openssl.ts";
import { container, KEY, keyPackage, MAC_KEY, plain, SECRET, sealed } from "./pskc-file.ts";

const RIGHT = KEY.toString("hex");

function read(text: string, typed: string | undefined = RIGHT): Promise<ImportItem[]> {
  return Array.fromAsync(readPskc([text], { ask: async () => typed, at: 0 }));
}

function secretsOf(items: readonly ImportItem[]): string[] {
  return items.map((item) => (item.kind === "unfit" ? item.why : `${Buffer.from(item.secret)}`));
}

function keyFault(message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof Fault && error.code === "import-key" && message.test(error.message);
}

/** A file of two encrypted keys. */
function two({ head, seal } = sealed()): string {
  const keys = ["1", "2"].map((serial) => keyPackage({ serial, secret: seal(SECRET) }));
  return container(keys, head);
}

for (const [name, typed] of [
  ["hexadecimal", ` ${RIGHT.toUpperCase()}\n`],
  ["base64", KEY.toString("base64")],
]) {
  test(`a pre-shared key in ${name} opens the file, asked for once`, async () => {
    const asked: AskedKey[] = [];
    const ask = async (key: AskedKey) => {
      asked.push(key);
      return typed;
    };
    const items = await Array.fromAsync(readPskc([two()], { ask, at: 0 }));
    assert.deepEqual(secretsOf(items), [`${SECRET}`, `${SECRET}`]);
    assert.deepEqual(asked, [{ kind: "pre-shared key", name: "Pre-shared-key" }]);
  });
}

test("files that openssl encrypts", needs("openssl"), async () => {
  const shared = two(sealed({ maker: OPENSSL }));
  assert.deepEqual(secretsOf(await read(shared)), [`${SECRET}`, `${SECRET}`]);
  const derived = two(sealed({ maker: OPENSSL, passphrase: "schlüssel 7" }));
  assert.deepEqual(secretsOf(await read(derived, "schlüssel 7")), [`${SECRET}`, `${SECRET}`]);
  await assert.rejects(read(derived, "schlussel 7"), keyFault(/not the passphrase of the file/));
});

test("numbers, too, may be encrypted: in 8 bytes, in 4, or in digits", async () => {
  const { head, seal } = sealed();
  const eight = Buffer.alloc(8);
  eight.writeBigInt64BE(2n ** 40n);
  const four = Buffer.alloc(4);
  four.writeInt32BE(90);
  const items = await read(
    container(
      [eight, four, Buffer.from("12345678")].map((value) =>
        keyPackage({ secret: seal(SECRET), moving: `<Counter>${seal(value)}</Counter>` }),
      ),
      head,
    ),
  );
  const counters = items.map((item) => item.kind === "authenticator" && item.lastCounter);
  assert.deepEqual(counters, [2 ** 40 - 1, 89, 12345677]);
});

test("without the key, the file is refused", async () => {
  await assert.rejects(
    Array.fromAsync(readPskc([two()], { ask: async () => undefined, at: 0 })),
    keyFault(/encrypted by a pre-shared key, and none was given/),
  );
  for (const typed of [
    "",
    "qwerty",
    RIGHT.slice(1),
    `${RIGHT}00`,
    KEY.toString("base64").slice(4),
  ]) {
    await assert.rejects(read(two(), typed), keyFault(/no pre-shared key/), typed);
  }
});

/** One with which the MAC's key decrypts to something that is padded well, by chance. */
function luckyKey(text: string): string {
  const value = /<xenc:CipherValue>(.*?)</.exec(text)?.[1] ?? "";
  const bytes = Buffer.from(value, "base64");
  for (let number = 0; ; number++) {
    const key = Buffer.alloc(16);
    key.writeUInt32BE(number);
    const decipher = createDecipheriv("aes-128-cbc", key, bytes.subarray(0, 16));
    decipher.setAutoPadding(false);
    if ((decipher.update(bytes.subarray(16)).at(-1) ?? 0) - 1 < 16) return key.toString("hex");
  }
}

test("a wrong key is one clear fault, also where the padding fits by chance", async () => {
  const text = two();
  for (const typed of ["00".repeat(16), luckyKey(text), KEY.toString("hex") + "00".repeat(16)]) {
    await assert.rejects(read(text, typed), keyFault(/not the pre-shared key of the file/));
  }
});

/** The text with one bit of the `index`-th match's base64 changed. */
function flipped(text: string, pattern: RegExp, index: number, byte: number): string {
  let seen = 0;
  return text.replace(pattern, (found, before: string, value: string) => {
    if (seen++ !== index) return found;
    const bytes = Buffer.from(value, "base64");
    bytes[byte] = (bytes[byte] ?? 0) ^ 1;
    return `${before}${bytes.toString("base64")}`;
  });
}

const CIPHER = /(<xenc:CipherValue>)([^<]*)/g;
const MAC = /(<ValueMAC>)([^<]*)/g;

test("a value that was changed does not come, and those beside it do", async () => {
  const expected = [`${SECRET}`, "its MAC does not fit: it was changed"];
  for (let byte = 0; byte < 48; byte++) {
    // The first is the key of the MAC.
    assert.deepEqual(secretsOf(await read(flipped(two(), CIPHER, 2, byte))), expected, `${byte}`);
  }
  for (let byte = 0; byte < 20; byte++) {
    assert.deepEqual(secretsOf(await read(flipped(two(), MAC, 1, byte))), expected, `${byte}`);
  }
});

test("before any value has fitted, a change cannot be told from a wrong key", async () => {
  await assert.rejects(read(flipped(two(), CIPHER, 1, 20)), keyFault(/or the file was changed/));
  await assert.rejects(read(flipped(two(), CIPHER, 0, 20)), keyFault(/or the file was changed/));
});

test("a counter that was changed keeps its key from coming", async () => {
  const { head, seal } = sealed();
  const moving = `<Counter>${seal(Buffer.alloc(8))}</Counter>`;
  const keys = [{ secret: seal(SECRET) }, { secret: seal(SECRET), moving }];
  const text = container(keys.map(keyPackage), head);
  const expected = [`${SECRET}`, "its MAC does not fit: it was changed"];
  assert.deepEqual(secretsOf(await read(text)), [`${SECRET}`, `${SECRET}`]);
  assert.deepEqual(secretsOf(await read(flipped(text, MAC, 2, 0))), expected);
});

const whole = two();
const NO_MAC = "it is encrypted without a MAC, so anybody can change it";
const UNFIT: readonly (readonly [string, string, string])[] = [
  ["without a MAC", whole.replace(/<ValueMAC>.*?<\/ValueMAC>/g, ""), NO_MAC],
  ["with an empty MAC", whole.replace(/<ValueMAC>.*?</g, "<ValueMAC>   <"), NO_MAC],
  ["in a file without a MAC method", whole.replace(/<MACMethod[\s\S]*<\/MACMethod>/, ""), NO_MAC],
  [
    "whose MAC has no key in the file",
    whole.replace(/<MACKey>[\s\S]*<\/MACKey>/, "<MACKeyReference>ours</MACKeyReference>"),
    "the key of its MAC is not in the file",
  ],
  [
    "with an unknown kind of MAC",
    whole.replace("#hmac-sha1", "#hmac-md5"),
    "its MAC is of a kind that is not known here",
  ],
  [
    "in a file without an encryption key",
    whole.replace(/<EncryptionKey>[\s\S]*<\/EncryptionKey>/, ""),
    "it is encrypted, and the file does not say by which key",
  ],
  [
    "for a certificate",
    whole.replace(/<ds:KeyName>.*<\/ds:KeyName>/, "<ds:X509Data/>"),
    "it is encrypted by other means than a pre-shared key or a passphrase",
  ],
  [
    "by Triple DES",
    whole.replaceAll("#aes128-cbc", "#tripledes-cbc"),
    "it is encrypted otherwise than by AES-CBC",
  ],
  [
    "to half a block",
    whole.replace(/(<Secret>[\s\S]*?<xenc:CipherValue>)[^<]*/g, `$1${"A".repeat(56)}`),
    "what is encrypted has no length that AES-CBC makes of a secret",
  ],
  [
    "to more than a secret",
    whole.replace(/(<Secret>[\s\S]*?<xenc:CipherValue>)[^<]*/g, `$1${"A".repeat(256)}`),
    "what is encrypted has no length that AES-CBC makes of a secret",
  ],
];

for (const [name, text, reason] of UNFIT) {
  test(`does not come: a value encrypted ${name}`, async () => {
    assert.deepEqual(secretsOf(await read(text)), [reason, reason]);
  });
}

test("a plain secret in the place of an encrypted one does not come", async () => {
  const { head, seal } = sealed();
  const keys = [seal(SECRET), plain(Buffer.alloc(20, "typed by a thief"))];
  const packages = keys.map((secret, at) => keyPackage({ serial: `${at}`, secret }));
  const why = "its secret is plain, in a file that is to be encrypted";
  assert.deepEqual(secretsOf(await read(container(packages, head))), [`${SECRET}`, why]);
  const [source = "", method = ""] = head.split(/(?=<MACMethod)/);
  for (const part of [source, method]) {
    assert.deepEqual(secretsOf(await read(container([keyPackage()], part))), [why]);
  }
});

const derived = two(sealed({ passphrase: "qwerty" }));
const count = (text: string): string => derived.replace(">1000<", `>${text}<`);
const PBKDF2: readonly (readonly [string, string, RegExp])[] = [
  ["iterations without end", count("2000000001"), /iterations/],
  ["no iterations", count("0"), /iterations/],
  ["an iteration count of words", count("many"), /iterations/],
  ["a key of no length of AES", derived.replace(">16<", ">20<"), /length of AES/],
  ["no salt", derived.replace(/<Salt>.*<\/Salt>/, ""), /PBKDF2/],
  ["two salts", derived.replace(/<Salt>.*<\/Salt>/, "$&$&"), /more than one Salt/],
  ["a hash that is not known", derived.replace("more#hmac-sha256", "more#hmac-md5"), /PBKDF2/],
  ["another derivation", derived.replace("#pbkdf2", "#scrypt"), /PBKDF2/],
];

for (const [name, text, reason] of PBKDF2) {
  test(`does not follow a derivation with ${name}`, async () => {
    const items = await read(text, "qwerty");
    for (const why of secretsOf(items)) assert.match(why, reason);
  });
}

test("a secret of 128 bytes comes encrypted, and one of 129 does not", async () => {
  const { head, seal } = sealed();
  const most = Buffer.alloc(128, "ab");
  const text = container(
    [most, Buffer.alloc(129, "ab")].map((s) => keyPackage({ secret: seal(s) })),
    head,
  );
  const [came, left] = secretsOf(await read(text));
  assert.equal(came, `${most}`);
  assert.match(left ?? "", /over 128 bytes/);
});

test("no fault and no reason tells a secret, a key or a MAC", async () => {
  const hidden = [
    RIGHT,
    SECRET.toString("base64"),
    `${SECRET}`,
    MAC_KEY.toString("hex"),
    "typed-by",
  ];
  const attempts = [...UNFIT, ...PBKDF2].map(([, text]) => read(text, "typed-by-a-person"));
  attempts.push(read(two(), "00".repeat(16)), read(whole.replace("<Data>", plain(SECRET))));
  for (const { status, ...rest } of await Promise.allSettled(attempts)) {
    const shown =
      "reason" in rest
        ? `${rest.reason.message} ${rest.reason.hint}`
        : secretsOf(rest.value).join();
    assert.equal(typeof status, "string");
    for (const each of hidden) assert.ok(!shown.includes(each), shown);
  }
});
