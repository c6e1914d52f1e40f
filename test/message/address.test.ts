/** Addresses: what is let through, and what a prompt shows of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Address, decoyAddress, mask, readAddress } from "../../src/message/address.ts";

test("one mail address or one phone number is read, and nothing else", () => {
  const read = {
    "alice@example.org": "mail alice@example.org",
    " Alice.B+login@mail.example.org\n": "mail Alice.B+login@mail.example.org",
    "root@localhost": "mail root@localhost",
    "+49 (151) 123-45678": "phone +4915112345678",
    "+15550100999": "phone +15550100999",
  };
  for (const [typed, expected] of Object.entries(read)) {
    const { kind, text } = readAddress(typed) ?? {};
    assert.equal(`${kind} ${text}`, expected);
  }
  const refused = [
    ...["", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b,c@d", "a@b;c@d", "<a@b>", "A <a@b>"],
    ...["-a@b", "--to=x@b", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a@b..c", "a@.b", "a@b."],
    ...[
      "a@b\r\nBcc: c@d",
      "a@b\nc",
      "a\0@b",
      "a@b\u2028",
      "\u00e4@b",
      "a@\u00e4.de",
      '"a b"@c',
      "a'b@c",
    ],
    ...["a@[127.0.0.1]", "a%b@c", "a!b@c", "$(id)@c", "`id`@c", "a|b@c", `${"a".repeat(65)}@b`],
    ...[
      `a@${"b".repeat(64)}`,
      `a@${"b.".repeat(130)}c`,
      "4915112345678",
      "+0151",
      "+49151",
      "++4915112",
    ],
    ...[
      "+4915112345678901",
      "+49151123a567",
      "+4915112345678,+491",
      "+49151;12345678",
      "\u066149151123456",
    ],
  ];
  for (const typed of refused) assert.equal(readAddress(typed), undefined, JSON.stringify(typed));
});

const LETTER = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789");
const WORD = fc.string({ unit: LETTER, minLength: 1, maxLength: 20 });
const MAIL = fc.tuple(WORD, WORD, WORD).map(([user, host, top]) => `${user}@${host}.${top}`);
const DIGITS = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 6, maxLength: 12 });
const PHONE = DIGITS.map((digits) => `+4${digits}`);

const FORM = /^(?:[a-z0-9]\.\.@\.\.|\+\.\.[0-9]{2})$/;

test("a mask has one form, and tells a letter or two digits", () => {
  fc.assert(
    fc.property(fc.oneof(MAIL, PHONE), fc.oneof(MAIL, PHONE), (one, other) => {
      const [first, second] = [readAddress(one), readAddress(other)];
      assert.ok(first && second);
      assert.match(mask(first), FORM);
      // Whoever is alike in that little is masked alike, whatever else they have.
      const told = ({ kind, text }: Address): string =>
        kind === "mail" ? text.slice(0, 1) : text.slice(-2);
      const isAlike = first.kind === second.kind && told(first) === told(second);
      assert.equal(mask(first) === mask(second), isAlike);
    }),
  );
});

test("who has no address has a decoy of the same form, and always the same", () => {
  const kinds = fc.constantFrom(["mail"], ["phone"], ["mail", "phone"]) as fc.Arbitrary<
    Address["kind"][]
  >;
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.string(), digest, kinds, (user, bytes, ways) => {
      const decoy = decoyAddress(user, bytes, ways);
      assert.ok(ways.includes(decoy.kind));
      assert.match(mask(decoy), FORM);
      assert.deepEqual(decoyAddress(user, bytes, ways), decoy);
      assert.deepEqual(readAddress(decoy.text)?.kind, decoy.kind);
    }),
  );
});
