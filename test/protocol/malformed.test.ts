/** What is no message is Malformed, and nothing else, and tells nothing of what was sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeValue, encodeValue } from "../../src/protocol/fields.ts";
import { LineReader, Malformed } from "../../src/protocol/lines.ts";
import { decodeMessage, decodeOpening, decodeReply } from "../../src/protocol/messages.ts";

const DECODERS = [decodeOpening, decodeReply, decodeMessage];

/** True when it was decoded, false when it was Malformed; all else fails the test. */
function isDecoded(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    assert.ok(error instanceof Malformed, String(error));
    return false;
  }
}

test("random bytes are Malformed, or lines that decode or are Malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      isDecoded(() => {
        for (const line of new LineReader().take(bytes)) {
          for (const decode of DECODERS) isDecoded(() => decode(line));
        }
      });
    }),
    { numRuns: 2_000 },
  );
});

test("what resembles a line decodes or is Malformed", () => {
  const word = fc.constantFrom(
    ...["countersign/1", "countersign/2", "verify", "call", "user=", "user=alice", "name=a"],
    ...["argument=%7B%7D", "answer", "cancel", "verdict", "accept", "fault", "code=x", "prompt"],
    ...["message=", "", "=", "==", "%", "%0", "%00", "%FF", "%C3%A9", "__proto__=x", "constructor"],
  );
  const lines = fc.array(word, { maxLength: 7 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(lines, (line) => {
      for (const decode of DECODERS) isDecoded(() => decode(line));
    }),
    { numRuns: 5_000 },
  );
});

for (const line of [
  "",
  " ",
  "GET / HTTP/1.1",
  "countersign/1",
  "countersign/1 ",
  "countersign/2 verify user=alice",
  "Countersign/1 verify user=alice",
  "countersign/1 VERIFY user=alice",
  "countersign/1 verify",
  "countersign/1 verify service=sshd",
  "countersign/1 verify user=alice user=root",
  "countersign/1 verify user=alice uid=0",
  "countersign/1 verify user=alice login=root",
  "countersign/1 verify user=alice __proto__=root",
  "countersign/1 verify user=alice enroll=yes",
  "countersign/1 verify user=alice enroll=",
  "countersign/1 verify user=alice enroll=utf8 enroll=ascii",
  "countersign/1 verify user=alice ",
  "countersign/1  verify user=alice",
  "countersign/1 verify  user=alice",
  "countersign/1 verify user=alice\r",
  "countersign/1 verify user=alice\tservice=sshd",
  "countersign/1 verify user",
  "countersign/1 verify =alice",
  "countersign/1 verify user=a=b",
  "countersign/1 verify user=al+ice",
  "countersign/1 verify user=al%ice",
  "countersign/1 verify user=alice%",
  "countersign/1 verify user=alice%4",
  "countersign/1 verify user=%FF",
  "countersign/1 verify user=%C0%AF",
  "countersign/1 verify user=%ED%A0%80",
  "countersign/1 verify user=é",
  "\uFEFFcountersign/1 verify user=alice",
  "countersign/1 call name=showUser",
  "countersign/1 call argument=%7B%7D",
  "countersign/1 call name=a argument=b user=root",
]) {
  test(`no opening: ${JSON.stringify(line)}`, () => {
    assert.throws(() => decodeOpening(line), Malformed);
  });
}

for (const line of [
  ...["", "answer", "answer 1 2", "answer 1 ", "answer a b c", "Answer 1", "answer é", "answer %"],
  ...["cancel ", "cancel now", "cancel timed-out ", "cancel cancelled cancelled", " cancel"],
  ...["toString x", "verdict accept user=alice", "countersign/1 verify user=alice"],
]) {
  test(`no reply: ${JSON.stringify(line)}`, () => {
    assert.throws(() => decodeReply(line), Malformed);
  });
}

for (const line of [
  ...["", "prompt", "prompt a b", "Prompt a", "shout a", "item", "result", "result {}"],
  ...["verdict", "verdict accept", "verdict allow user=alice", "verdict toString user=alice"],
  ...["verdict accept user=alice user=bob", "verdict accept user=alice uid=0"],
  ...["fault", "fault code=x", "fault message=x", "fault code=x message=y more=z"],
]) {
  test(`no message: ${JSON.stringify(line)}`, () => {
    assert.throws(() => decodeMessage(line), Malformed);
  });
}

test("nothing of what was sent is in the error", () => {
  for (const line of ["answer 123456 more", "countersign/1 verify user=hunter2 user=hunter2"]) {
    for (const decode of DECODERS) {
      assert.throws(
        () => decode(line),
        (error: unknown) => !/123456|hunter2/.test(String(error)),
      );
    }
  }
});

test("a value has one encoding, but for the case of its hexadecimal digits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const encoded = encodeValue(value);
      assert.equal(decodeValue(encoded), value);
      assert.equal(decodeValue(encoded.replace(/%../g, (hex) => hex.toLowerCase())), value);
    }),
  );
  assert.equal(decodeValue("%61"), "a", "what need not be encoded may be");
  assert.equal(decodeValue("%EF%BB%BFa"), "\uFEFFa", "a byte order mark is text");
});
