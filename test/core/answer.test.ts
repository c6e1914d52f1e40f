/** What is typed is normalized before anything looks at it, and only ASCII is a code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ANSWER_MAX_LENGTH, readAnswer } from "../../src/core/answer.ts";

const MALFORMED = { shape: "malformed" } as const;

/** Each of a code's characters, with white space strewn in and letters in either case. */
function spellingsOf(code: fc.Arbitrary<string>, strewn: string) {
  const noise = fc.string({ unit: fc.constantFrom(...strewn), maxLength: 3 });
  return code.chain((text) =>
    fc
      .array(fc.tuple(noise, fc.boolean()), { minLength: text.length + 1, maxLength: 20 })
      .map((parts) => ({
        text,
        typed: parts
          .map(([space, lower], index) => {
            const character = text.charAt(index);
            return space + (lower ? character.toLowerCase() : character);
          })
          .join(""),
      })),
  );
}

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 6, maxLength: 8 });
const crockford = fc.string({
  unit: fc.constantFrom(..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
  minLength: 10,
  maxLength: 10,
});

test("white space makes no other code of a one-time password", () => {
  fc.assert(
    fc.property(spellingsOf(digits, " \t\r\n"), ({ text, typed }) => {
      assert.deepEqual(readAnswer(typed), { shape: "one-time-password", code: text });
    }),
  );
});

test("white space, dashes and letter case make no other code of a backup code", () => {
  fc.assert(
    fc.property(spellingsOf(crockford, " \t\r\n-"), ({ text, typed }) => {
      assert.deepEqual(readAnswer(typed), { shape: "backup-code", code: text });
    }),
  );
});

test("six to eight digits are a one-time password, and fewer or more are none", () => {
  for (const typed of ["123456", "1234567", "12345678", " 123 456 ", "\t12345678\r\n"]) {
    assert.equal(readAnswer(typed).shape, "one-time-password", typed);
  }
  for (const typed of [
    "12345",
    "1234567890123",
    "123-456",
    "+123456",
    "1e5000",
    "0x1234",
    "12345.6",
  ]) {
    assert.deepEqual(readAnswer(typed), MALFORMED, typed);
  }
});

test("letters that are misread off paper are read as what was meant", () => {
  assert.deepEqual(readAnswer("oil0o-il1ab"), { shape: "backup-code", code: "011001" + "11AB" });
  assert.deepEqual(readAnswer("UUUUU-UUUUU"), MALFORMED);
});

test("nothing at all is malformed", () => {
  for (const typed of ["", " ", "\n", "-", "----------", "pushy", "\0", "\u0004"]) {
    assert.deepEqual(readAnswer(typed), MALFORMED);
  }
});

test("a word asks for a challenge, and a number behind it names a device", () => {
  const read = {
    push: { shape: "push", code: "" },
    " PuSh 2\r\n": { shape: "push", code: "2" },
    phone12: { shape: "phone", code: "12" },
    sms: { shape: "sms", code: "" },
    Browser: { shape: "browser", code: "" },
    "duo 123 456": { shape: "passcode", code: "123456" },
    "123 456 789": { shape: "passcode", code: "123456789" },
  };
  for (const [typed, answer] of Object.entries(read)) assert.deepEqual(readAnswer(typed), answer);
  const malformed = ["push0", "push100", "push-1", "pushpush", "browser1", "duo", "duo12345"];
  for (const typed of malformed) assert.deepEqual(readAnswer(typed), MALFORMED, typed);
});

test("no backup code reads as a word, however its letters are confused", () => {
  const lookalike = { "0": ["0", "o", "O"], "1": ["1", "l", "I", "L", "i"] } as const;
  const spelled = crockford.chain((code) =>
    fc.tuple(
      fc.constant(code),
      fc.tuple(
        ...[...code].map((each) =>
          fc.constantFrom(...(lookalike[each as "0"] ?? [each, each.toLowerCase()])),
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(spelled, ([code, typed]) => {
      assert.deepEqual(readAnswer(typed.join("")), { shape: "backup-code", code });
    }),
  );
  assert.deepEqual(readAnswer("PHONE-12345"), { shape: "backup-code", code: "PH0NE12345" });
});

// A new spelling of a used code must not be a new code: whatever is not ASCII is no code.
test("one character that is not ASCII makes any answer malformed", () => {
  const foreign = fc
    .integer({ min: 0x80, max: 0x10ffff })
    .map((point) => String.fromCodePoint(point));
  const place = fc.nat({ max: 10 });
  fc.assert(
    fc.property(
      fc.oneof(digits, crockford),
      foreign,
      place,
      fc.boolean(),
      (code, odd, at, instead) => {
        const rest = code.slice(instead ? at + 1 : at);
        assert.deepEqual(readAnswer(code.slice(0, at) + odd + rest), MALFORMED);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("digits and letters of other scripts are none", () => {
  const spellings = [
    "１２３４５６", // full-width
    "١٢٣٤٥٦", // Arabic-Indic
    "१२३४५६", // Devanagari
    "𝟏𝟐𝟑𝟒𝟓𝟔", // mathematical bold
    "123\u200b456", // zero-width space
    "\ufeff123456", // byte order mark
    "123\u00a0456", // no-break space
    "123\u3000456", // ideographic space
    "123\u0000456",
    "123456\u0000",
    // Letters whose capital is ASCII.
    "ABCDEFGH\u00df",
    "ABCDEFGHJ\u0131",
    "ABCDEFGHJ\u017f",
    "ABCDEFGH\ufb00",
    "ABCDEFGHJ\u212a",
  ];
  for (const typed of spellings) assert.deepEqual(readAnswer(typed), MALFORMED, typed);
});

test("a control character anywhere is malformed", () => {
  for (let point = 0; point < 0x20; point++) {
    const typed = `123${String.fromCodePoint(point)}456`;
    const isSpace = [9, 10, 13].includes(point);
    assert.equal(readAnswer(typed).shape, isSpace ? "one-time-password" : "malformed", `${point}`);
  }
  assert.deepEqual(readAnswer("123456\u007f"), MALFORMED);
});

test("what is too long is not read, and takes no time", () => {
  const longest = " ".repeat(ANSWER_MAX_LENGTH - 6);
  assert.equal(readAnswer(`${longest}123456`).shape, "one-time-password");
  assert.deepEqual(readAnswer(`${longest} 123456`), MALFORMED);
  const before = performance.now();
  for (const unit of ["1", " ", "-", "\u0000", "\ud800"]) {
    assert.deepEqual(readAnswer(unit.repeat(8 * 1024 * 1024)), MALFORMED);
  }
  assert.ok(performance.now() - before < 1_000);
});
