/** Every message comes back as it was sent, whatever text it carries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VERDICTS } from "../../src/core/verdict.ts";
import { LINE_MAX, LineReader } from "../../src/protocol/lines.ts";
import {
  type ClientReply,
  type DaemonMessage,
  decodeMessage,
  decodeOpening,
  decodeReply,
  encodeMessage,
  encodeOpening,
  encodeReply,
  type Opening,
} from "../../src/protocol/messages.ts";

/** Any text there is: control characters, line feeds, NUL and astral planes included. */
const text = fc.string({ unit: "binary", maxLength: 60 });

const openings: fc.Arbitrary<Opening> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("verify" as const),
      user: text,
      service: text,
      rhost: text,
      tty: text,
      ruser: text,
      enroll: fc.constantFrom("utf8" as const, "ascii" as const),
    },
    { requiredKeys: ["kind", "user"] },
  ),
  fc.record({ kind: fc.constant("call" as const), name: text, argument: text }),
);

const replies: fc.Arbitrary<ClientReply> = fc.oneof(
  fc.record({ kind: fc.constant("answer" as const), text }),
  fc.record({
    kind: fc.constant("cancel" as const),
    why: fc.constantFrom("cancelled" as const, "end-of-input" as const, "timed-out" as const),
  }),
);

const messages: fc.Arbitrary<DaemonMessage> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...(["prompt", "prompt-secret", "info", "error", "open"] as const)),
    text,
  }),
  fc.record(
    {
      kind: fc.constant("verdict" as const),
      verdict: fc.constantFrom(...VERDICTS),
      user: text,
      method: text,
      reason: text,
      retryAt: text,
      message: text,
      hint: text,
    },
    { requiredKeys: ["kind", "verdict", "user"] },
  ),
  fc.record(
    { kind: fc.constant("fault" as const), code: text, message: text, hint: text },
    { requiredKeys: ["kind", "code", "message"] },
  ),
  fc.record({ kind: fc.constantFrom("item" as const, "result" as const), document: text }),
);

/** The line of what was encoded: one, printable ASCII, and ended. */
function lineOf(encoded: string): string {
  assert.match(encoded, /^[!-~ ]*\n$/);
  return encoded.slice(0, -1);
}

test("an opening comes back", () => {
  fc.assert(
    fc.property(openings, (opening) => {
      assert.deepEqual({ ...decodeOpening(lineOf(encodeOpening(opening))) }, { ...opening });
    }),
  );
});

test("a reply comes back", () => {
  fc.assert(
    fc.property(replies, (reply) => {
      assert.deepEqual({ ...decodeReply(lineOf(encodeReply(reply))) }, { ...reply });
    }),
  );
});

test("a message of the daemon comes back", () => {
  fc.assert(
    fc.property(messages, (message) => {
      assert.deepEqual({ ...decodeMessage(lineOf(encodeMessage(message))) }, { ...message });
    }),
  );
});

test("a conversation comes back wherever its bytes are cut", () => {
  const sent = fc.array(messages, { minLength: 1, maxLength: 5 });
  const cuts = fc.array(fc.nat({ max: LINE_MAX }), { maxLength: 8 });
  fc.assert(
    fc.property(sent, cuts, (all, at) => {
      const bytes = Buffer.from(all.map(encodeMessage).join(""));
      const edges = [0, ...at.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
      const reader = new LineReader();
      const lines = edges.flatMap((to, index) =>
        reader.take(bytes.subarray(edges[index - 1] ?? 0, to)),
      );
      assert.deepEqual(
        lines.map((line) => ({ ...decodeMessage(line) })),
        all.map((message) => ({ ...message })),
      );
      assert.equal(reader.isMidLine, false);
    }),
  );
});

// What a client in another language relies on.
test("the lines of the protocol are these", () => {
  const opening = { kind: "verify", user: "alice", service: "sshd", rhost: "2001:db8::1" } as const;
  assert.equal(
    encodeOpening(opening),
    "countersign/1 verify user=alice service=sshd rhost=2001%3Adb8%3A%3A1\n",
  );
  assert.equal(encodeReply({ kind: "answer", text: "12 é" }), "answer 12%20%C3%A9\n");
  assert.equal(encodeReply({ kind: "answer", text: "" }), "answer \n");
  assert.equal(encodeReply({ kind: "cancel", why: "cancelled" }), "cancel\n");
  assert.equal(encodeReply({ kind: "cancel", why: "timed-out" }), "cancel timed-out\n");
  assert.equal(
    encodeMessage({ kind: "prompt-secret", text: "Code: " }),
    "prompt-secret Code%3A%20\n",
  );
  assert.equal(
    encodeMessage({ kind: "verdict", verdict: "accept", user: "alice", method: "totp" }),
    "verdict accept user=alice method=totp\n",
  );
});

test("what an ending is about comes first: the PAM module reads no other order", () => {
  assert.equal(
    encodeMessage({ kind: "verdict", method: "totp", user: "alice", verdict: "accept" }),
    "verdict accept user=alice method=totp\n",
  );
  assert.equal(
    encodeMessage({ hint: "wait", message: "busy", code: "busy", kind: "fault" }),
    "fault code=busy hint=wait message=busy\n",
  );
});
