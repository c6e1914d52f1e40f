/** Whatever Duo, or what stands in its place, says: a reply of its form, or a fault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DuoFault } from "../../src/duo/duo-fault.ts";
import { openEnvelope } from "../../src/duo/envelope.ts";
import { retryDelay } from "../../src/duo/rate-limit.ts";
import {
  readAuth,
  readAuthStatus,
  readEnrollment,
  readEnrollmentState,
  readPreauth,
  readTime,
} from "../../src/duo/replies.ts";

type Reader = (response: unknown) => unknown;

const DEVICE = { device: "DP1", type: "phone", capabilities: ["push", "webauthn"], name: null };
const GOOD: Readonly<Record<string, readonly [Reader, unknown]>> = {
  time: [(response) => readTime("ping", response), { time: 1_700_000_000 }],
  auth: [
    readPreauth,
    {
      ...{ result: "auth", status_msg: "Hello", devices: [DEVICE] },
      ...{ txid: "abc", verification_code: "376" },
    },
  ],
  deny: [readPreauth, { result: "deny", status_msg: "No" }],
  enroll: [
    readPreauth,
    { result: "enroll", status_msg: "Enroll", enroll_portal_url: "https://x.org/portal?code=1" },
  ],
  transaction: [readAuth, { txid: "abc" }],
  status: [readAuthStatus, { result: "waiting", status: "pushed", status_msg: "Pushed" }],
  enrollment: [
    readEnrollment,
    {
      ...{ user_id: "DU1", username: "alice", activation_code: "duo://x-y", expiration: 1 },
      ...{ activation_url: "https://m.x.org/a", activation_barcode: "https://x.org/qr?v=1" },
    },
  ],
};

test("what the documentation gives is read", () => {
  const read = (name: keyof typeof GOOD) => GOOD[name]?.[0](GOOD[name]?.[1]);
  assert.equal(read("time"), 1_700_000_000_000);
  assert.deepEqual(read("auth"), {
    result: "auth",
    message: "Hello",
    devices: [{ id: "DP1", type: "phone", label: "DP1", capabilities: ["push"] }],
    verifiedPush: { transaction: "abc", code: "376" },
  });
  assert.deepEqual(read("deny"), { result: "deny", message: "No" });
  assert.equal(read("transaction"), "abc");
  assert.deepEqual(read("status"), { result: "waiting", status: "pushed", message: "Pushed" });
  assert.equal(readEnrollmentState("waiting"), "waiting");
});

/** Everything that is not a fault of ours is a defect. */
function readOrFault(read: Reader, value: unknown): unknown {
  try {
    return read(value);
  } catch (error) {
    assert.ok(error instanceof DuoFault, String(error));
    assert.equal(error.trouble, "nonsense");
    assert.doesNotMatch(error.message, /\p{Cc}/u);
    return undefined;
  }
}

const OPTIONAL = new Set(["txid", "verification_code"]);

test("a field that is missing or of another type is a fault", () => {
  for (const [name, [read, good]] of Object.entries(GOOD)) {
    for (const field of Object.keys(good as object)) {
      for (const value of [undefined, null, 1.5, -1, {}, [1], true]) {
        const absent = value === undefined || value === null;
        if (absent && OPTIONAL.has(field) && name === "auth") continue;
        const bad = { ...(good as object), [field]: value };
        assert.throws(() => read(bad), { trouble: "nonsense" }, `${name}.${field} = ${value}`);
      }
    }
  }
});

test("nothing but the word allows", () => {
  for (const result of ["", "ALLOW", "allow ", "Allow", "allowed", "yes", "\u0000allow", "ok"]) {
    const status = { result, status: "allow", status_msg: "Success" };
    assert.throws(() => readAuthStatus(status), { trouble: "nonsense" });
    assert.throws(() => readPreauth({ result, status_msg: "" }), { trouble: "nonsense" });
  }
  const inherited = Object.create({ result: "allow", status: "allow", status_msg: "" });
  assert.throws(() => readAuthStatus(inherited), { trouble: "nonsense" });
});

test("addresses are https, of no length that a terminal drowns in, and show no password", () => {
  const enroll = { result: "enroll", status_msg: "" };
  for (const enroll_portal_url of [
    "http://api-1.duosecurity.com/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://duo.com@evil.example/",
    "https://:p@evil.example/",
    "//api-1.duosecurity.com/",
    `https://x.org/${"a".repeat(2048)}`,
    "",
  ]) {
    assert.throws(() => readPreauth({ ...enroll, enroll_portal_url }), { trouble: "nonsense" });
  }
  const sly = { ...enroll, enroll_portal_url: "https://x.org/\u001b[2J\r\n\u202e" };
  const read = readPreauth(sly);
  assert.ok(read.result === "enroll");
  assert.match(read.enrollUrl, /^[\x21-\x7e]+$/);
});

test("messages come out as one line that no terminal obeys", () => {
  const message = fc.string({ unit: "binary", maxLength: 600 });
  fc.assert(
    fc.property(message, (text) => {
      const status = readAuthStatus({ result: "deny", status: text, status_msg: text });
      for (const each of [status.status, status.message]) {
        assert.doesNotMatch(each, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u);
        assert.ok([...each].length <= 256);
      }
    }),
  );
  const code = { result: "waiting", status: "pushed", status_msg: "Enter\r\n\tcode\u001b[8m 376" };
  assert.equal(readAuthStatus(code).message, "Enter code[8m 376");
});

test("noise in each reader ends in a reply or a fault", () => {
  const names = [
    ...new Set(Object.values(GOOD).flatMap(([, good]) => Object.keys(good as object))),
  ];
  const word = fc.constantFrom("auth", "allow", "deny", "enroll", "waiting", "https://x.org/", "x");
  const value = fc.oneof(word, fc.jsonValue(), fc.constant([DEVICE]));
  const object = fc.dictionary(fc.constantFrom(...names), value);
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), object), (noise) => {
      for (const [read] of Object.values(GOOD)) readOrFault(read, noise);
      readOrFault(readEnrollmentState, noise);
    }),
    { numRuns: 500 },
  );
});

const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" };
const CALL = { name: "auth", effect: "now" } as const;

test("noise in place of a reply ends in a response or a fault", () => {
  const good = Buffer.from(JSON.stringify({ stat: "OK", response: { txid: "abc" } }));
  const cut = fc.nat(good.length - 1).map((length) => good.subarray(0, length));
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  const envelope = fc
    .record(
      {
        stat: fc.constantFrom("OK", "FAIL", "ok", 1),
        code: fc.oneof(fc.integer(), fc.constantFrom(40002, 40102, 40105, 42901), fc.string()),
        message: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
        message_detail: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
        response: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((document) => Buffer.from(JSON.stringify(document)));
  const status = fc.constantFrom(200, 204, 301, 400, 401, 403, 404, 429, 500, 503, 999);
  fc.assert(
    fc.property(fc.oneof(cut, bytes, envelope), status, (body, code) => {
      try {
        openEnvelope({ status: code, headers: JSON_HEADERS, body }, CALL, 0);
        const { stat } = JSON.parse(body.toString());
        assert.deepEqual([code, stat], [200, "OK"]);
      } catch (error) {
        assert.ok(error instanceof DuoFault, String(error));
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        assert.ok(error.message.length < 500);
        // Only a refusal that says so is certain.
        if (!error.mayHaveActed) assert.ok(code >= 400 && code < 500);
      }
    }),
    { numRuns: 500 },
  );
});

test("a refusal within a reply of another status may have acted", () => {
  const body = Buffer.from(JSON.stringify({ stat: "FAIL", code: 40002, message: "no" }));
  const opened = (status: number) => () =>
    openEnvelope({ status, headers: JSON_HEADERS, body }, CALL, 0);
  assert.throws(opened(400), { mayHaveActed: false, duoCode: 40002 });
  assert.throws(opened(200), { mayHaveActed: true, duoCode: 40002 });
});

test("the wait that Duo asks for, and the one without", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const delay = (headers: Record<string, string>, tries = 0) =>
    retryDelay({ status: 429, headers, body: Buffer.alloc(0) }, tries, now, 0.5);
  assert.equal(delay({ "retry-after": "3" }), 3000);
  assert.equal(delay({ "x-retry-after": "3" }), 3000);
  assert.equal(delay({ "retry-after": "0" }), 1000);
  assert.equal(delay({ "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" }), 7000);
  const date = "Thu, 01 Jan 2026 00:00:05 GMT";
  assert.equal(delay({ date, "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" }), 2000);
  assert.equal(delay({ "retry-after": "Thu, 01 Jan 2015 00:00:00 GMT" }), 1000);
  assert.deepEqual(
    [0, 1, 2, 9].map((tries) => delay({}, tries)),
    [1500, 2500, 4500, 32_500],
  );
  assert.equal(delay({ "retry-after": "soon" }), 1500);
  fc.assert(
    fc.property(fc.string(), fc.nat(40), (text, tries) => {
      assert.ok(delay({ "retry-after": text }, tries) >= 1000);
    }),
  );
});
