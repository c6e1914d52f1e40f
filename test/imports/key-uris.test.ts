/** Key URIs, one a line. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBase32 } from "../../src/core/base32.ts";
import { Fault } from "../../src/core/fault.ts";
import { keyUri } from "../../src/core/key-uri.ts";
import { readKeyUris } from "../../src/imports/key-uris.ts";
import { writeQrFile } from "../../src/terminal/qr-file.ts";
import { needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { APP } from "../vectors/google-exports.ts";
import { TOTP_SECRETS } from "../vectors/rfc.ts";
import { all, keyUris, only, whyNot } from "./read.ts";

const KEY = encodeBase32(TOTP_SECRETS.sha1);

test("the example of the Key URI format, and one with every parameter", async () => {
  const example =
    "otpauth://totp/ACME%20Co:john.doe@email.com?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer=ACME%20Co&algorithm=SHA1&digits=6&period=30";
  const john = await only(keyUris(example));
  assert.equal(john.user, "john.doe@email.com");
  assert.equal(encodeBase32(john.secret), "HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ");
  const { secret: _, ...rest } = await only(
    keyUris(
      `\n# a comment\n  otpauth://TOTP/Host%3A%20alice?algorithm=sha512&digits=7&period=3600&secret=${KEY.toLowerCase()}\r\n`,
    ),
  );
  assert.deepEqual(rest, {
    kind: "authenticator",
    place: "line 3",
    user: "alice",
    method: "totp",
    serial: "",
    algorithm: "sha512",
    digits: 7,
    period: 3600,
    lastCounter: undefined,
    skew: 0,
    scratchCodes: [],
    remarks: ["secret of 160 bits; those made here have 512", "each code counts for 3600 seconds"],
  });
});

test("counter-based: the counter is the next one, and has to be there", async () => {
  const counter = async (query: string) =>
    only(keyUris(`otpauth://hotp/alice?secret=${KEY}${query}\n`));
  assert.equal((await counter("&counter=0")).lastCounter, -1);
  const { method, period, lastCounter } = await counter("&counter=4503599627370496");
  assert.deepEqual([method, period, lastCounter], ["hotp", undefined, 4503599627370495]);
  assert.match(await whyNot(keyUris(`otpauth://hotp/alice?secret=${KEY}`)), /no counter/);
  const cut = `otpauth://hotp/alice?secret=${KEY}&counter=12`;
  assert.match(await whyNot(keyUris(cut)), /may be cut off/);
});

test("whose: the label's account as it stands, without its domain where that is named", async () => {
  const uri = (label: string) => `otpauth://totp/${label}?secret=${KEY}`;
  const user = async (label: string, owners = {}) =>
    (await only(all(readKeyUris([uri(label)], owners)))).user;
  assert.equal(await user("alice"), "alice");
  assert.equal(await user("Host:alice@host"), "alice@host");
  assert.equal(await user("Host:alice@host", { domain: "host" }), "alice");
  assert.equal(await user("alice@elsewhere", { domain: "host" }), "alice@elsewhere");
  assert.equal(await user("alice@host@host", { domain: "host" }), "alice@host");
  assert.equal(await user("anything%20at%20all", { user: "bob" }), "bob");
  assert.equal(await user("", { user: "bob" }), "bob");
  assert.match(await whyNot(keyUris(uri(""))), /without an account/);
  assert.match(await whyNot(keyUris(uri("Host:"))), /without an account/);
  assert.match(await whyNot(keyUris(uri("a%2Fb"))), /user's name/);
  assert.match(await whyNot(keyUris(uri("a%0Ab"))), /user's name/);
  assert.match(await whyNot(keyUris(uri("a:b:c"))), /more than one colon/);
  assert.match(
    await whyNot(all(readKeyUris([uri("@host")], { domain: "host" }))),
    /without an acc/,
  );
});

test("every deviation is refused, and said without a word of the URI", async () => {
  const uris: Record<string, RegExp> = {
    [`otpauth://steam/alice?secret=${KEY}`]: /a type that is not totp or hotp/,
    [`otpauth://totp/alice?secret=${KEY}#x`]: /not of the form/,
    [`otpauth://totp/a/b?secret=${KEY}`]: /not of the form/,
    [`otpauth://totp/alice&secret=${KEY}`]: /not of the form/,
    [`otpauth://u@totp/alice?secret=${KEY}`]: /not of the form/,
    [`otpauth:totp/alice?secret=${KEY}`]: /not of the form/,
    "otpauth://totp/alice?issuer=x": /no secret/,
    "otpauth://totp/alice?secret=": /0 bits/,
    [`otpauth://totp/alice?secret=${KEY}&secret=${KEY}`]: /parameter secret stands there twice/,
    [`otpauth://totp/alice?secret=${KEY}&digits=6&digits=8`]: /parameter digits stands there twice/,
    [`otpauth://totp/alice?secret=${KEY}&`]: /parameter 2 is not of the form/,
    [`otpauth://totp/alice?${KEY}`]: /parameter 1 is not of the form/,
    [`otpauth://totp/alice?secret=${KEY}&${KEY}=1`]: /parameter 2 is not known/,
    [`otpauth://totp/alice?secret=${KEY}&encoder=steam`]: /parameter 2 is not known/,
    [`otpauth://totp/alice?Secret=${KEY}`]: /parameter 1 is not known/,
    [`otpauth://totp/alice?secret=${KEY}9`]: /not base32/,
    [`otpauth://totp/alice?secret=${KEY}A`]: /not base32/,
    [`otpauth://totp/alice?secret=${KEY.slice(0, 8)}%20${KEY.slice(8)}`]: /not base32/,
    [`otpauth://totp/alice?secret=${KEY}&algorithm=MD5`]: /an algorithm other than/,
    [`otpauth://totp/alice?secret=${KEY}&algorithm=`]: /an algorithm other than/,
    [`otpauth://totp/alice?secret=${KEY}&digits=10`]: /digits that is not from 6 to 8/,
    [`otpauth://totp/alice?secret=${KEY}&digits=06`]: /digits that is not from 6 to 8/,
    [`otpauth://totp/alice?secret=${KEY}&period=0`]: /period that is not from 1/,
    [`otpauth://totp/alice?secret=${KEY}&period=3601`]: /period that is not from 1/,
    [`otpauth://totp/alice?secret=${KEY}&period=3e1`]: /period that is not from 1/,
    [`otpauth://totp/alice?secret=${KEY}&counter=1`]: /a counter, which totp has none of/,
    [`otpauth://hotp/alice?secret=${KEY}&counter=1&period=30`]: /a period, which hotp has none/,
    [`otpauth://hotp/alice?secret=${KEY}&counter=-1`]: /counter that is not from 0/,
    [`otpauth://hotp/alice?secret=${KEY}&counter=9007199254740993`]: /counter that is not from 0/,
    [`otpauth://totp/ali%ffce?secret=${KEY}`]: /its label is not percent-encoded UTF-8/,
    [`otpauth://totp/alice?secret=${KEY}&issuer=%zz`]:
      /the parameter issuer is not percent-encoded/,
    [`otpauth://totp/alice?secret=${KEY}&issuer=${"x".repeat(16_384)}`]: /longer than 16384/,
    [`https://host.example/?secret=${KEY}`]: /not of the form/,
  };
  for (const [uri, why] of Object.entries(uris)) {
    const [first, second, ...more] = await keyUris(`otpauth://totp/bob?secret=${KEY}\n${uri}\n`);
    assert.equal(first?.kind, "authenticator");
    assert.deepEqual(more, []);
    assert.ok(second?.kind === "unfit", uri.slice(0, 80));
    assert.equal(second.place, "line 2");
    assert.match(second.why, why);
    assert.doesNotMatch(JSON.stringify(second), /GEZDG/i);
  }
});

test("whose it is is told where the label can be read", async () => {
  const user = async (uri: string) => (await keyUris(uri))[0]?.user;
  assert.equal(await user(`otpauth://totp/Host:alice?secret=${KEY}&digits=5`), "alice");
  assert.equal(await user(`otpauth://steam/alice?issuer=x&secret=${KEY}`), "alice");
  assert.equal(await user(`otpauth://totp/${KEY}?issuer=x`), undefined);
  assert.equal(await user(`otpauth://totp/ali%ffce?secret=${KEY}`), undefined);
  assert.equal(await user(`otpauth://totp/a%0Ab?secret=${KEY}`), undefined);
  assert.equal(await user(`otpauth:totp/alice?secret=${KEY}`), undefined);
});

test("how an entry looks is passed over", async () => {
  const uri = `otpauth://totp/alice?secret=${KEY}&image=https%3A%2F%2Fa.example%2Fx.png&color=red`;
  assert.deepEqual((await only(keyUris(uri))).remarks, []);
  assert.equal((await only(keyUris(`otpauth://totp/alice?secret=${KEY}%3D%3D%3D`))).user, "alice");
});

test("what is no list of URIs is refused at its first line, without a word of it", async () => {
  for (const text of [
    `${KEY}\n`,
    "QR-Code:otpauth://totp/a?secret=GEZDGNBV\n",
    "\0",
    "x".repeat(99_999),
  ]) {
    await assert.rejects(keyUris(text), (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.code, "import-invalid");
      assert.doesNotMatch(error.message, /GEZDG/);
      return true;
    });
  }
  assert.deepEqual(await keyUris("\n\n"), []);
});

test("two pictures, as zbarimg --raw reads them", needs("zbarimg"), async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "countersign-pictures-"));
  t.after(() => rm(folder, { recursive: true }));
  const pictures = [join(folder, "uri.png"), join(folder, "export.png")] as const;
  await writeQrFile(pictures[0], `otpauth://hotp/Host:alice?secret=${KEY}&counter=7`);
  await writeQrFile(pictures[1], APP.two);
  const { stdout } = await runOrThrow(["zbarimg", "--raw", "--quiet", ...pictures]);
  const found = await keyUris(stdout);
  assert.deepEqual(
    found.map(({ kind, user }) => [kind, user]),
    [
      ["authenticator", "alice"],
      ["authenticator", "pi@raspberrypi"],
      ["authenticator", "pi@raspberrypi"],
    ],
  );
});

test("whatever is enrolled here is read back from its own URI", async () => {
  const account = fc.stringMatching(/^[a-zA-Z_é.@-][a-z0-9 é@&%+#?=._-]{0,20}[a-z0-9]$/);
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme", minLength: 1 }),
      account.filter((name) => !name.startsWith("-")),
      fc.uint8Array({ minLength: 10, maxLength: 128 }).filter((bytes) => new Set(bytes).size > 1),
      fc.constantFrom("sha1", "sha256", "sha512"),
      fc.constantFrom(6, 7, 8),
      fc.integer({ min: 1, max: 3600 }),
      async (issuer, account, secret, algorithm, digits, period) => {
        const uri = keyUri({ issuer, account, secret, parameters: { algorithm, digits, period } });
        const found = await only(keyUris(uri));
        assert.equal(found.user, account);
        assert.deepEqual(found.secret, secret);
        assert.deepEqual(
          [found.method, found.algorithm, found.digits, found.period],
          ["totp", algorithm, digits, period],
        );
      },
    ),
  );
});
