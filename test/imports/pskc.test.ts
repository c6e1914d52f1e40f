import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ImportedAuthenticator, ImportItem } from "../../src/contracts/imported.ts";
import { Fault } from "../../src/core/fault.ts";
import { type PskcOptions, readPskc } from "../../src/imports/pskc.ts";
import { CHILD_MAX } from "../../src/imports/xml-children.ts";
import { needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { container, type KeyParts, keyPackage, plain, SECRET, sealed } from "./pskc-file.ts";

const MAY_2006 = Date.UTC(2006, 4, 10);
const KEYS = { "pre-shared key": "12345678901234567890123456789012", passphrase: "qwerty" };

async function read(
  text: string | readonly string[],
  options: Partial<PskcOptions> = {},
): Promise<ImportItem[]> {
  const ask: PskcOptions["ask"] = async ({ kind }) => KEYS[kind];
  const chunks = typeof text === "string" ? [text] : text;
  return Array.fromAsync(readPskc(chunks, { ask, at: MAY_2006, ...options }));
}

/** The one key of a file made of these parts. */
async function readKey(parts: KeyParts): Promise<ImportItem> {
  const [item] = await read(container([keyPackage(parts)]));
  assert.ok(item);
  return item;
}

async function fit(parts: KeyParts): Promise<ImportedAuthenticator> {
  const item = await readKey(parts);
  assert.ok(item.kind === "authenticator", item.kind === "unfit" ? item.why : "");
  return item;
}

async function why(parts: KeyParts): Promise<string> {
  const item = await readKey(parts);
  assert.ok(item.kind === "unfit", "it came");
  return item.why;
}

function figure(number: number): string {
  const path = new URL(`../vectors/pskc/figure-${number}.xml`, import.meta.url);
  return readFileSync(path, "utf8");
}

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === code && message.test(error.message);
}

/** In one line: what the RFC's examples say. */
function brief(item: ImportItem): string {
  if (item.kind === "unfit") return `${item.place}: ${item.why}`;
  const { method, serial, secret, digits, lastCounter } = item;
  return `${serial}: ${method} ${Buffer.from(secret)} ${digits} after ${lastCounter}`;
}

const ONE = "987654321: hotp 12345678901234567890 8 after -1";
const EXAMPLES: readonly (readonly [number, readonly string[]])[] = [
  [2, ["key 1 (12345678): a secret of 32 bits, which a few seen codes give away"]],
  [3, [ONE]],
  [4, ["key 1 (987654321): its secret is not in the file"]],
  [5, [ONE, "key 2 (987654321): its algorithm is neither HOTP nor TOTP"]],
  [6, [ONE]],
  [7, [ONE]],
  [8, ["key 1 (987654321): it is encrypted otherwise than by AES-CBC"]],
  [9, ["0755225266: hotp 12345678901234567890 6 after -1"]],
  [
    10,
    [
      "654321: hotp 12345678901234567890 8 after -1",
      "123456: hotp 12345678901234567890 8 after -1",
      "key 3 (9999999): it expired on 2006-03-31",
      "key 4 (9999999): it expired on 2006-04-30",
    ],
  ],
];

for (const [number, expected] of EXAMPLES) {
  test(`RFC 6030, figure ${number}`, async () => {
    const whole = (await read(figure(number))).map(brief);
    assert.deepEqual(whole, expected);
    const characters = await read([...figure(number)]);
    assert.deepEqual(characters.map(brief), expected, "in chunks of one character");
  });
}

test("a token of TOTP: algorithm, digits, period, drift, and all time before counts as used", async () => {
  const item = await fit({
    serial: " T-1 ",
    algorithm: "totp",
    parameters: '<Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/>',
    secret: plain(Buffer.alloc(32, "ab")),
    moving: `<Time>${plain(7)}</Time><TimeInterval>${plain(60)}</TimeInterval>
      <TimeDrift>${plain(-4)}</TimeDrift>`,
    after: "<UserId>UID=jsmith</UserId>",
  });
  assert.deepEqual(item, {
    kind: "authenticator",
    place: "key 1",
    user: undefined,
    method: "totp",
    serial: "T-1",
    secret: Buffer.alloc(32, "ab"),
    algorithm: "sha256",
    digits: 8,
    period: 60,
    lastCounter: undefined,
    skew: -4,
    scratchCodes: [],
    remarks: ["the file has it for UID=jsmith"],
  });
});

test("Counter is the next one to be used", async () => {
  assert.equal((await fit({ moving: `<Counter>${plain(42)}</Counter>` })).lastCounter, 41);
  const untold = await fit({ moving: "" });
  assert.equal(untold.lastCounter, -1);
  assert.deepEqual(untold.remarks, ["its counter is not told: taken as 0"]);
});

test("without a device's serial number, the key's id stands for it", async () => {
  const item = await fit({ serial: "" });
  assert.equal(item.serial, "K-");
});

const format = (attributes: string): KeyParts => ({
  parameters: `<ResponseFormat ${attributes}/>`,
});
const totp = (moving: string): KeyParts => ({ algorithm: "totp", moving });
const policy = (inner: string): KeyParts => ({ after: `<Policy>${inner}</Policy>` });

const UNFIT: readonly (readonly [string, KeyParts, RegExp])[] = [
  ["OCRA", { algorithm: "ocra" }, /neither HOTP nor TOTP/],
  ["challenges", { parameters: '<ChallengeFormat Encoding="DECIMAL"/>' }, /answers challenges/],
  ["an unknown suite", { parameters: "<Suite>HMAC-MD5</Suite>" }, /suite/],
  ["5 digits", format('Length="5" Encoding="DECIMAL"'), /digits/],
  ["9 digits", format('Length="9" Encoding="DECIMAL"'), /digits/],
  ["no length", format('Encoding="DECIMAL"'), /digits/],
  ["letters", format('Length="6" Encoding="ALPHANUMERIC"'), /plain digits/],
  ["a check digit", format('Length="6" Encoding="DECIMAL" CheckDigits="true"'), /plain digits/],
  ["a secret of 129 bytes", { secret: plain(Buffer.alloc(129, "ab")) }, /at most 128 bytes/],
  ["a secret that is no base64", { secret: plain("MTIz!") }, /base64/],
  ["a secret all of one byte", { secret: plain(Buffer.alloc(20)) }, /all the same/],
  ["an empty secret", { secret: plain("") }, /0 bits/],
  ["two secrets", { secret: `${plain(SECRET)}${plain(SECRET)}` }, /more than one PlainValue/],
  ["a plain value with a MAC", { secret: `${plain(SECRET)}<ValueMAC>AA==</ValueMAC>` }, /MAC/],
  ["no secret", { secret: "" }, /base64/],
  ["a counter below zero", { moving: `<Counter>${plain(-2)}</Counter>` }, /counter/],
  [
    "a counter of 2^63",
    { moving: `<Counter>${plain("9223372036854775808")}</Counter>` },
    /Counter/,
  ],
  ["a counter in words", { moving: `<Counter>${plain("one")}</Counter>` }, /Counter/],
  ["two counters", { moving: `<Counter>${plain(0)}</Counter>`.repeat(2) }, /more than one/],
  ["no time interval", totp(`<TimeInterval>${plain(0)}</TimeInterval>`), /time step/],
  ["an interval of hours", totp(`<TimeInterval>${plain(3601)}</TimeInterval>`), /time step/],
  ["a clock far off", totp(`<TimeDrift>${plain(1501)}</TimeDrift>`), /clock/],
  ["a policy that counts", policy("<NumberOfTransactions>9</NumberOfTransactions>"), /kept to/],
  ["a policy of others", policy('<Only xmlns="urn:example">Mondays</Only>'), /kept to/],
  ["a policy in another namespace", policy('<KeyUsage xmlns="">OTP</KeyUsage>'), /kept to/],
  ["another usage", policy("<KeyUsage>Encrypt</KeyUsage>"), /one-time passwords/],
  ["an unknown usage", policy("<KeyUsage>OTP</KeyUsage><KeyUsage>Fly</KeyUsage>"), /not known/],
  ["a PIN to check", policy('<PINPolicy PINUsageMode="Append"/>'), /PIN/],
  ["a PIN of no mode", policy('<PINPolicy MinLength="4"/>'), /PIN/],
  ["an unknown kind of PIN", policy('<PINPolicy PINUsageMode="Local" Voice="1"/>'), /PIN/],
  ["a day to come", policy("<StartDate>2006-05-10T00:00:01Z</StartDate>"), /before 2006-05-10/],
  ["a day gone", policy("<ExpiryDate>2006-05-10T01:00:00+01:00</ExpiryDate>"), /expired/],
  ["a day that is none", policy("<ExpiryDate>2037-13-01T00:00:00Z</ExpiryDate>"), /date/],
  ["a serial number with a line break", { serial: "1&#10;2" }, /serial/],
  ["a serial number too long", { serial: "1".repeat(65) }, /serial/],
];

for (const [name, parts, reason] of UNFIT) {
  test(`does not come: ${name}`, async () => assert.match(await why(parts), reason));
}

test("a policy that is kept to here lets the key come, and names what is not kept", async () => {
  const item = await fit(
    policy(`<StartDate>2006-05-10T00:00:00Z</StartDate><ExpiryDate>2037-12-31T00:00:00</ExpiryDate>
      <PINPolicy PINUsageMode="Local"/><KeyUsage>CR</KeyUsage><KeyUsage>OTP</KeyUsage>`),
  );
  assert.deepEqual(item.remarks, ["its end on 2037-12-31 is not kept"]);
});

test("a package without a key, and one with two", async () => {
  const two = keyPackage().replace(/<Key [\s\S]*<\/Key>/, "$&$&");
  const items = await read(container(["<KeyPackage/>", two, keyPackage()]));
  assert.deepEqual(items.map(brief).slice(0, 2), [
    "key 1: it holds no key",
    "key 2 (1000): it has more than one Key",
  ]);
  assert.equal(items[2]?.kind, "authenticator");
});

test("names count by their namespace, whatever their prefix", async () => {
  const other = keyPackage().replaceAll("Counter>", "o:Counter>");
  const text = container([`<o:KeyPackage/>${other}`]);
  const [item, ...rest] = await read(
    text.replace("<KeyContainer", '<KeyContainer xmlns:o="urn:o"'),
  );
  assert.deepEqual(rest, []);
  assert.ok(item?.kind === "authenticator");
  assert.deepEqual(item.remarks, ["its counter is not told: taken as 0"]);
});

const BOMB = `<!DOCTYPE KeyContainer [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>`;
const FILE = `<!DOCTYPE KeyContainer [<!ENTITY x SYSTEM "file:///etc/passwd">]>`;
const whole = container([keyPackage()]);
const head = sealed().head;
const afterHead = (text: string): string => whole.replace(/\n<KeyContainer/, `\n${text}$&`);
const INVALID: readonly (readonly [string, string, RegExp])[] = [
  ["nothing", "", /ends before/],
  ["text", "hello", /no well-formed XML/],
  ["a page", "<html><body/></html>", /no PSKC file/],
  ["another namespace", whole.replace("keyprov:pskc", "keyprov:pskx"), /no PSKC file/],
  ["an older draft", whole.replace('Version="1.0"', 'Version="0.9"'), /version/],
  ["no version", whole.replace('Version="1.0"', ""), /version/],
  ["no keys", container([]), /no KeyPackage/],
  ["an entity that grows", afterHead(BOMB).replace("Acme", "&b;"), /document type definition/],
  ["an entity that is a file", afterHead(FILE).replace("Acme", "&x;"), /document type definition/],
  ["a definition elsewhere", afterHead('<!DOCTYPE k SYSTEM "http://localhost/">'), /definition/],
  ["an unknown entity", whole.replace("Acme", "&acme;"), /well-formed/],
  ["an unknown prefix", whole.replace("<Manufacturer>", "<x:Manufacturer>"), /well-formed/],
  ["an attribute twice", whole.replace('Id="', 'Id="1" Id="'), /well-formed/],
  ["another encoding", whole.replace("UTF-8", "UTF-16"), /encoding/],
  ["two roots", whole + whole, /well-formed/],
  ["deep elements", whole.replace("Acme", "<a>".repeat(40)), /deeper/],
  ["a long text", whole.replace("Acme", "a".repeat(CHILD_MAX * 2)), /more than 65536/],
  ["a long attribute", whole.replace("K-", "a".repeat(CHILD_MAX * 2)), /more than 65536/],
  ["a long comment", afterHead(`<!--${" ".repeat(CHILD_MAX * 2)}-->`), /more than 65536/],
  ["many small elements", whole.replace("Acme", "<a/>".repeat(CHILD_MAX / 2)), /more than 65536/],
  ["two encryption keys", container([keyPackage()], head + head), /second EncryptionKey/],
  ["a MAC method at the end", container([keyPackage(), head]), /second EncryptionKey/],
];

for (const [name, text, message] of INVALID) {
  test(`refuses a file with ${name}`, async () => {
    await assert.rejects(read(text), refusal("import-invalid", message));
  });
}

test("a file cut off anywhere is refused, whatever came of it before", async () => {
  const text = figure(10).trimEnd();
  for (let length = 0; length < text.length; length += 7) {
    await assert.rejects(read(text.slice(0, length)), refusal("import-invalid", /./), `${length}`);
  }
  await assert.rejects(read(text.slice(0, -1)), refusal("import-invalid", /ends before/));
});

test("a plain file asks for no key", async () => {
  await read(whole, { ask: () => assert.fail("asked") });
});

test("pskctool reads the same in what the tests make", needs("pskctool"), async () => {
  const text = container([
    keyPackage({ serial: "A-1", moving: `<Counter>${plain(42)}</Counter>` }),
    keyPackage({
      serial: "B-2",
      algorithm: "totp",
      parameters: '<Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/>',
      moving: `<TimeInterval>${plain(60)}</TimeInterval><TimeDrift>${plain(3)}</TimeDrift>`,
    }),
  ]);
  await runOrThrow(["pskctool", "--validate"], { input: text });
  const { stdout } = await runOrThrow(["pskctool", "--strict", "--info"], { input: text });
  const theirs = (name: string): string[] =>
    Array.from(stdout.matchAll(new RegExp(`\\t${name}: (.*)`, "g")), ([, value]) => value ?? "");
  const [hotp, totp] = (await read(text)) as ImportedAuthenticator[];
  assert.ok(hotp && totp);
  assert.deepEqual(theirs("SerialNo"), [hotp.serial, totp.serial]);
  const secrets = [hotp, totp].map(({ secret }) => Buffer.from(secret).toString("base64"));
  assert.deepEqual(theirs("Key Secret \\(base64\\)"), secrets);
  assert.deepEqual(theirs("Response Format Length"), [`${hotp.digits}`, `${totp.digits}`]);
  assert.deepEqual(theirs("Key Counter"), [`${(hotp.lastCounter ?? 0) + 1}`]);
  assert.deepEqual(theirs("Key TimeInterval"), [`${totp.period}`]);
  assert.deepEqual(theirs("Key TimeDrift"), [`${totp.skew}`]);
});

test("what the tests make of encrypted files is as the RFC has it", needs("pskctool"), async () => {
  for (const made of [sealed(), sealed({ passphrase: "qwerty" })]) {
    const text = container([keyPackage({ secret: made.seal(SECRET) })], made.head);
    await runOrThrow(["pskctool", "--validate"], { input: text });
  }
});

test("thirty thousand keys, in the memory of a few", async () => {
  // Some 20 MB of text: what held it, or an object for each key, would end the thread.
  const resourceLimits = { maxOldGenerationSizeMb: 12, maxYoungGenerationSizeMb: 4 };
  const worker = new Worker(new URL("many-keys.ts", import.meta.url), { resourceLimits });
  assert.deepEqual(await once(worker, "message"), [{ count: 30_000, last: "29999" }]);
});
