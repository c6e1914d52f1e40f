/** The state file of pam_google_authenticator, as the module itself reads it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBase32 } from "../../src/core/base32.ts";
import { Fault } from "../../src/core/fault.ts";
import { HOTP_SECRET } from "../vectors/rfc.ts";
import { only, stateFile, whyNot } from "./read.ts";

const KEY = encodeBase32(HOTP_SECRET);
const TOTP = '" TOTP_AUTH\n';

/** The state file of those option lines and scratch codes. */
function file(...options: string[]): string {
  return `${KEY}\n${options.map((option) => `" ${option}\n`).join("")}`;
}

test("a file as it is made: secret, steps of 30 s, six digits, nothing used", async () => {
  const found = await only(stateFile(file("RATE_LIMIT 3 30", "DISALLOW_REUSE", "TOTP_AUTH")));
  assert.deepEqual(found, {
    kind: "authenticator",
    place: "line 1",
    user: "alice",
    method: "totp",
    serial: "",
    secret: Uint8Array.from(HOTP_SECRET),
    algorithm: "sha1",
    digits: 6,
    period: 30,
    lastCounter: -1,
    skew: 0,
    scratchCodes: [],
    remarks: ["its rate limit does not come along"],
  });
});

test("a secret is read with its slips: case, white space, dashes, 0 1 8", async () => {
  const letters = "OLBO LBAA OLBO LBAA OLBO LBAA OLBO LBAA";
  const plain = await only(stateFile(`${letters.replaceAll(" ", "")}\n${TOTP}`));
  for (const typed of [
    letters,
    letters.toLowerCase(),
    letters.replaceAll(" ", "\t-"),
    letters.replaceAll("O", "0").replaceAll("L", "1").replaceAll("B", "8"),
    `${letters}\r`,
  ]) {
    const { secret } = await only(stateFile(`${typed}\n${TOTP}`));
    assert.deepEqual(secret, plain.secret, typed);
  }
});

test("what is no state file is refused as a whole, without a word of it", async () => {
  const files: Record<string, string> = {
    empty: "",
    "a padded secret": `${KEY}====\n${TOTP}`,
    "another character": `${KEY}9\n${TOTP}`,
    "a letter outside ASCII": `${KEY}ſ\n${TOTP}`,
    "no first line": `\n${KEY}\n${TOTP}`,
    "a NUL": `${KEY}\n${TOTP}\0`,
    "a users file": "HOTP alice - 3132333435363738393031323334353637383930\n",
    "too long": `${KEY}\n${TOTP}${"\n".repeat(65_536)}`,
    "too long in bytes": `${KEY}\n${TOTP}${"é".repeat(40_000)}`,
  };
  for (const [what, text] of Object.entries(files)) {
    await assert.rejects(
      stateFile(text),
      (error) => {
        assert.ok(error instanceof Fault, what);
        assert.equal(error.code, "import-invalid", what);
        assert.doesNotMatch(error.message, /GEZDG/, what);
        return true;
      },
      what,
    );
  }
});

test("used time steps: the last of them; without DISALLOW_REUSE nobody knows", async () => {
  const last = async (...options: string[]) =>
    (await only(stateFile(file(...options, "TOTP_AUTH")))).lastCounter;
  assert.equal(await last("DISALLOW_REUSE 59811101 59811105 59811103"), 59811105);
  assert.equal(await last("DISALLOW_REUSE\t59811101 \t"), 59811101);
  assert.equal(await last("DISALLOW_REUSE"), -1);
  assert.equal(await last(), undefined);
  const { remarks } = await only(stateFile(file("TOTP_AUTH")));
  assert.deepEqual(remarks, ["a code could be used more than once"]);
});

test("options: the first of two counts, and a line may end in CR, LF or both", async () => {
  const doubled = file("STEP_SIZE 60", "STEP_SIZE 10", "DISALLOW_REUSE 7", "TOTP_AUTH");
  for (const ending of ["\n", "\r\n", "\r\n\r\n"]) {
    const found = await only(stateFile(doubled.replaceAll("\n", ending)));
    assert.equal(found.period, 60);
    assert.equal(found.lastCounter, 7);
  }
  const joined = `${KEY}\n" STEP_SIZE 60\r" DISALLOW_REUSE 7\r" TOTP_AUTH\r`;
  assert.equal((await only(stateFile(joined))).lastCounter, 7);
  // A name must begin right after the quote and its space, and end where it ends.
  const near = file("STEP_SIZES 60", " STEP_SIZE 60", "TOTP_AUTH");
  assert.equal((await only(stateFile(near))).period, 30);
});

test("counter-based: the next counter, also where TOTP_AUTH stands too", async () => {
  const counted = await only(stateFile(file("HOTP_COUNTER 5", "TOTP_AUTH", "TIME_SKEW 9")));
  const { method, period, lastCounter, skew } = counted;
  assert.deepEqual(
    { method, period, lastCounter, skew },
    { method: "hotp", period: undefined, lastCounter: 4, skew: 0 },
  );
  assert.equal((await only(stateFile(file("HOTP_COUNTER 1")))).lastCounter, 0);
  for (const none of ["HOTP_COUNTER 0", "HOTP_COUNTER -3", "HOTP_COUNTER", "HOTP_COUNTER x"]) {
    assert.equal((await only(stateFile(file(none, "TOTP_AUTH")))).method, "totp", none);
  }
});

test("skew, window, digits and algorithm", async () => {
  const found = await only(
    stateFile(file("TIME_SKEW -12", "WINDOW_SIZE 17", "DIGITS 8", "ALGORITHM SHA256", "TOTP_AUTH")),
  );
  assert.equal(found.skew, -12);
  assert.equal(found.digits, 8);
  assert.equal(found.algorithm, "sha256");
  assert.deepEqual(found.remarks, [
    "secret of 160 bits; those made here have 256",
    "its window of 17 codes does not come along",
    "a code could be used more than once",
  ]);
});

test("what the module refuses every login with, or what cannot be here, is unfit", async () => {
  const files: Record<string, RegExp> = {
    [file("DISALLOW_REUSE 1 x", "TOTP_AUTH")]: /DISALLOW_REUSE/,
    [file("DISALLOW_REUSE 99999999999", "TOTP_AUTH")]: /DISALLOW_REUSE/,
    [file("STEP_SIZE 61", "TOTP_AUTH")]: /STEP_SIZE/,
    [file("STEP_SIZE", "TOTP_AUTH")]: /STEP_SIZE/,
    [file("STEP_SIZE 30s", "TOTP_AUTH")]: /STEP_SIZE/,
    [file("WINDOW_SIZE 101", "TOTP_AUTH")]: /WINDOW_SIZE/,
    [file("DIGITS 5", "TOTP_AUTH")]: /DIGITS/,
    [file("ALGORITHM md5", "TOTP_AUTH")]: /ALGORITHM/,
    [file("TIME_SKEW 1501", "TOTP_AUTH")]: /clock off by 1501/,
    [file("HOTP_COUNTER 99999999999999999")]: /counter/,
    [file("WINDOW_SIZE 3")]: /neither TOTP_AUTH nor HOTP_COUNTER/,
    [`${encodeBase32(HOTP_SECRET.subarray(0, 9))}\n${TOTP}`]: /72 bits/,
    [`${"A".repeat(32)}\n${TOTP}`]: /all the same/,
    [`${"GEZDGNBV".repeat(30)}\n${TOTP}`]: /128 bytes/,
  };
  for (const [text, why] of Object.entries(files)) assert.match(await whyNot(stateFile(text)), why);
  // What counts by counter has no steps.
  assert.equal((await only(stateFile(file("STEP_SIZE 61", "HOTP_COUNTER 1")))).method, "hotp");
});

test("a file that was cut off: its secret is no other, and its counter no lower one", async () => {
  const whole = `${file("RATE_LIMIT 3 30", "HOTP_COUNTER 123")}12345678\n`;
  for (let length = 8; length < whole.length; length++) {
    const [item] = await stateFile(whole.slice(0, length));
    if (item?.kind !== "authenticator") continue;
    assert.deepEqual(item.secret, Uint8Array.from(HOTP_SECRET), `${length}`);
    assert.equal(item.lastCounter, 122, `${length}`);
  }
  const cut = `${KEY}\n" TOTP_AUTH\n" DISALLOW_REUSE 5981110`;
  assert.match(await whyNot(stateFile(cut)), /may be cut off/);
});

test("a secret of 80 bits, as was made until 2016, comes and is named", async () => {
  const old = await only(stateFile(`${encodeBase32(HOTP_SECRET.subarray(0, 10))}\n${TOTP}`));
  assert.equal(old.remarks[0], "secret of 80 bits, fewer than the 128 of RFC 4226");
  const usual = await only(stateFile(`${encodeBase32(HOTP_SECRET.subarray(0, 16))}\n${TOTP}`));
  assert.equal(usual.remarks[0], "secret of 128 bits; those made here have 160");
});

test("scratch codes: eight digits, up to the first line that is none", async () => {
  const codes = async (lines: string) =>
    (await only(stateFile(`${file("DISALLOW_REUSE", "TOTP_AUTH")}${lines}`))).scratchCodes;
  assert.deepEqual(await codes("12345678\n87654321\n"), ["12345678", "87654321"]);
  assert.deepEqual(await codes("12345678\r\n\r\n87654321"), ["12345678", "87654321"]);
  assert.deepEqual(await codes('12345678\n" LAST0 host 1\n87654321\n'), ["12345678", "87654321"]);
  assert.deepEqual(await codes("12345678\n12345678\n"), ["12345678"]);
  assert.deepEqual(await codes(" 0012345678\n"), ["12345678"]);
  assert.deepEqual(await codes("12345678\n1234567\n87654321\n"), ["12345678"]);
  assert.deepEqual(await codes("01234567\n87654321\n"), []);
  assert.deepEqual(await codes("123456789\n"), []);
  assert.deepEqual(await codes("12345678 \n87654321\n"), []);
  const stopped = await only(stateFile(`${file("DISALLOW_REUSE", "TOTP_AUTH")}12345678\nend\n`));
  assert.deepEqual(stopped.remarks, [
    "scratch codes of 8 digits, shorter than backup codes",
    "line 5 and what follows are no scratch codes",
  ]);
  const many = Array.from({ length: 101 }, (_, index) => `${10_000_000 + index}\n`).join("");
  assert.match(await whyNot(stateFile(`${file("TOTP_AUTH")}${many}`)), /more than 100 scratch/);
});

test("transient lines are passed over; what is not known is named, though not by its name", async () => {
  const { remarks } = await only(
    stateFile(
      file(
        "DISALLOW_REUSE",
        "RESETTING_TIME_SKEW 1+2",
        "LAST3 a.example 1",
        "GEZDGNBV 1",
        "TOTP_AUTH",
      ),
    ),
  );
  assert.deepEqual(remarks, [
    "hosts let in without a code do not come along",
    "an unknown option does not come along",
  ]);
});

test("whatever a file of the format holds comes back", async () => {
  const step = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const scratch = fc.integer({ min: 10_000_000, max: 99_999_999 }).map(String);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 10, maxLength: 64 }).filter((bytes) => new Set(bytes).size > 1),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: -1500, max: 1500 }),
      fc.array(step, { maxLength: 20 }),
      fc.uniqueArray(scratch, { maxLength: 10 }),
      fc.constantFrom("\n", "\r\n"),
      async (secret, period, skew, steps, scratchCodes, ending) => {
        const lines = [
          encodeBase32(secret),
          `" STEP_SIZE ${period}`,
          `" TIME_SKEW ${skew}`,
          `" DISALLOW_REUSE ${steps.join(" ")}`,
          '" TOTP_AUTH',
          ...scratchCodes,
          "",
        ];
        const found = await only(stateFile(lines.join(ending)));
        assert.deepEqual(found.secret, secret);
        assert.deepEqual(
          [found.period, found.skew, found.lastCounter, found.scratchCodes],
          [period, skew, Math.max(-1, ...steps), scratchCodes],
        );
      },
    ),
  );
});
