/** What Google Authenticator exports: a QR code of several accounts, or several QR codes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBase32 } from "../../src/core/base32.ts";
import { APP } from "../vectors/google-exports.ts";
import { HOTP_SECRET } from "../vectors/rfc.ts";
import { keyUris, only, whyNot } from "./read.ts";

type Value = number | bigint | string | Uint8Array;

/** A message in Protocol Buffers: fields by number. */
function message(...fields: (readonly [number, Value])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === "number" || typeof value === "bigint") {
        return [varint(BigInt(number) << 3n), varint(BigInt.asUintN(64, BigInt(value)))];
      }
      const bytes = Buffer.from(value);
      return [varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes];
    }),
  );
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const uri = (payload: Uint8Array): string =>
  `otpauth-migration://offline?data=${encodeURIComponent(Buffer.from(payload).toString("base64"))}`;

const account = (...more: (readonly [number, Value])[]): Buffer =>
  message([1, HOTP_SECRET], [2, "Host:alice"], ...more);

/** One of the QR codes of an export. */
function code(accounts: readonly Buffer[], size = 1, index = 0, id = -5n): string {
  const payload = accounts.map((each) => [1, each] as const);
  return uri(message(...payload, [2, 1], [3, size], [4, index], [5, id]));
}

test("exports of the app itself", async () => {
  const { secret, ...rest } = await only(keyUris(APP.totp));
  assert.equal(encodeBase32(secret), "7KSQL2JTUDIS5EF65KLMRQIIGY");
  assert.deepEqual(rest, {
    kind: "authenticator",
    place: "line 1, account 1",
    user: "pi@raspberrypi",
    method: "totp",
    serial: "",
    algorithm: "sha1",
    digits: 6,
    period: 30,
    lastCounter: undefined,
    skew: 0,
    scratchCodes: [],
    remarks: ["secret of 128 bits; those made here have 160"],
  });
  const counted = await only(keyUris(APP.hotp));
  assert.deepEqual([counted.method, counted.user, counted.lastCounter], ["hotp", "hotp demo", 4]);
  const both = await keyUris(`${APP.two}\n${APP.totp}\n`);
  assert.deepEqual(
    both.map(({ place, user }) => [place, user]),
    [
      ["line 1, account 1", "pi@raspberrypi"],
      ["line 1, account 2", "pi@raspberrypi"],
      ["line 2, account 1", "pi@raspberrypi"],
    ],
  );
});

test("algorithm, digits and type by number; what is not set is what the app begins with", async () => {
  const found = await only(keyUris(code([account([4, 3], [5, 2], [6, 2], [8, "an id"])])));
  assert.deepEqual([found.algorithm, found.digits, found.method], ["sha512", 8, "totp"]);
  const bare = await only(keyUris(code([account()])));
  assert.deepEqual([bare.algorithm, bare.digits, bare.method], ["sha1", 6, "totp"]);
  const unfit: [readonly [number, Value][], RegExp][] = [
    [[[4, 4]], /an algorithm other than/],
    [[[4, 99]], /an algorithm other than/],
    [[[5, 3]], /not of 6 or 8 digits/],
    [[[6, 3]], /not totp or hotp/],
    [
      [
        [6, 1],
        [7, -1],
      ],
      /field 7 is out of bounds/,
    ],
    [
      [
        [4, 1],
        [4, 2],
      ],
      /field 4 stands there twice/,
    ],
    [[[1, HOTP_SECRET]], /field 1 stands there twice/],
    [[[4, "x"]], /field 4 is of another type/],
  ];
  for (const [fields, why] of unfit) {
    const reason = await whyNot(keyUris(code([account(...fields)])));
    assert.match(reason, why);
  }
  assert.match(await whyNot(keyUris(code([message([1, 5], [2, "a"])]))), /field 1 is of another/);
  assert.match(
    await whyNot(keyUris(code([message([1, HOTP_SECRET], [2, Buffer.of(0xff)])]))),
    /UTF-8/,
  );
  assert.match(await whyNot(keyUris(code([message([2, "alice"])]))), /0 bits/);
});

test("one account that cannot come does not keep the others", async () => {
  const found = await keyUris(code([account(), account([4, 4]), account()]));
  assert.deepEqual(
    found.map(({ kind, place, user }) => [kind, place, user]),
    [
      ["authenticator", "line 1, account 1", "alice"],
      ["unfit", "line 1, account 2", "alice"],
      ["authenticator", "line 1, account 3", "alice"],
    ],
  );
});

test("a QR code of several that is missing is named; one that was scanned twice, too", async () => {
  const codes = [0, 1, 2].map((index) => code([account()], 3, index));
  const why = async (...lines: (string | undefined)[]) =>
    (await keyUris(lines.join("\n"))).flatMap((item) =>
      item.kind === "unfit" ? [`${item.place}: ${item.why}`] : [],
    );
  assert.deepEqual(await why(...codes), []);
  assert.deepEqual(await why(codes[2], codes[0], codes[1]), []);
  assert.deepEqual(await why(codes[0], codes[2]), [
    "line 1: missing QR codes of this export of 3: 2",
  ]);
  assert.deepEqual(await why(codes[1]), ["line 1: missing QR codes of this export of 3: 1, 3"]);
  assert.deepEqual(await why(...codes, codes[1]), ["line 4: QR code 2 of 3 again"]);
  // Another export is counted by itself.
  assert.deepEqual(await why(...codes, code([account()], 2, 1, 77n)), [
    "line 4: missing QR codes of this export of 2: 1",
  ]);
  assert.match((await why(codes[0], code([account()], 2, 1)))[0] ?? "", /counted wrong/);
  assert.deepEqual(await why(code([account()], 900, 7)), [
    "line 1: missing QR codes of this export of 900: 1, 2, 3, 4, 5 and 894 more",
  ]);
});

test("a file of more exports than anybody makes ends in no more being kept", async () => {
  const codes = Array.from({ length: 1002 }, (_, id) => code([account()], 1, 0, BigInt(id)));
  const found = await keyUris([...codes, code([account()], 1, 0, 0n)].join("\n"));
  const unfit = found.flatMap((item) =>
    item.kind === "unfit" ? [`${item.place}: ${item.why}`] : [],
  );
  assert.deepEqual(unfit, [
    "line 1001: more than 1000 exports in one file",
    "line 1002: more than 1000 exports in one file",
    "line 1003: QR code 1 of 1 again",
  ]);
});

test("what is no whole export is refused, and said without a word of it", async () => {
  const whole = message([1, account()], [2, 1], [3, 1], [4, 0], [5, 9]);
  const texts: Record<string, RegExp> = {
    "otpauth-migration://offline": /not of the form/,
    "otpauth-migration://online?data=AAAA": /not of the form/,
    [`${uri(whole)}&data=AAAA`]: /not of the form/,
    "otpauth-migration://offline?data=": /not base64/,
    "otpauth-migration://offline?data=!!!!": /not base64/,
    "otpauth-migration://offline?data=%zz": /not base64/,
    [uri(whole.subarray(0, 20))]: /not a whole one/,
    [uri(Buffer.concat([whole, Buffer.of(0x80)]))]: /not a whole one/,
    [uri(message([1, account()], [2, 3], [3, 1]))]: /version/,
    [uri(message([1, account()], [3, 1]))]: /version/,
    [uri(message([1, account()], [2, 1]))]: /counted wrong/,
    [uri(message([1, account()], [2, 1], [3, 1], [4, 1]))]: /counted wrong/,
    [uri(message([1, account()], [2, 1], [3, 1001]))]: /counted wrong/,
    [uri(message([1, 7], [2, 1], [3, 1]))]: /field 1 is of another type/,
  };
  for (const [text, why] of Object.entries(texts)) {
    const [item, ...more] = await keyUris(text);
    assert.deepEqual(more, []);
    assert.ok(item?.kind === "unfit", text.slice(0, 60));
    assert.match(item.why, why);
    assert.doesNotMatch(JSON.stringify(item), /alice|1234/);
  }
});

test("whatever an export holds comes back", async () => {
  const entry = fc.record({
    secret: fc
      .uint8Array({ minLength: 10, maxLength: 64 })
      .filter((bytes) => new Set(bytes).size > 1),
    name: fc.stringMatching(/^[a-z][a-z0-9é@._-]{0,30}$/),
    algorithm: fc.constantFrom(1, 2, 3),
    digits: fc.constantFrom(1, 2),
    type: fc.constantFrom(1, 2),
    counter: fc.integer({ min: 0, max: 2 ** 52 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 10 }), async (entries) => {
      const accounts = entries.map(({ secret, name, algorithm, digits, type, counter }) =>
        message(
          [1, secret],
          [2, name],
          [3, "x"],
          [4, algorithm],
          [5, digits],
          [6, type],
          [7, counter],
        ),
      );
      const found = await keyUris(code(accounts));
      assert.deepEqual(
        found.map((item) =>
          item.kind === "authenticator"
            ? [item.user, item.secret, item.algorithm, item.digits, item.method, item.lastCounter]
            : item.why,
        ),
        entries.map(({ secret, name, algorithm, digits, type, counter }) => [
          name,
          secret,
          ["", "sha1", "sha256", "sha512"][algorithm],
          digits === 1 ? 6 : 8,
          type === 1 ? "hotp" : "totp",
          type === 1 ? counter : undefined,
        ]),
      );
    }),
  );
});
