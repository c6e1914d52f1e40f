import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { callbackUri } from "../../src/core/redirect.ts";
import { ATTEMPT_LIFETIME, judgeRedirect, newAttempt } from "../../src/duo/prompt-attempt.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const REDIRECT = callbackUri(8080);
const attempt = newAttempt("alice", REDIRECT, randomBytes, NOW);
const address = `${REDIRECT}?state=${attempt.state}&duo_code=c0de`;

const judge = (text: string, now = NOW) => judgeRedirect(attempt, text, now);

test("state and nonce are 256 bits each, from the generator, and never the same", () => {
  const asked: number[] = [];
  const random = (length: number): Uint8Array => {
    asked.push(length);
    return randomBytes(length);
  };
  const other = newAttempt("alice", REDIRECT, random, NOW);
  assert.deepEqual(asked, [32, 32]);
  const all = [attempt.state, attempt.nonce, other.state, other.nonce];
  assert.equal(new Set(all).size, 4);
  for (const each of all) assert.match(each, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(attempt.expiresAt, NOW + ATTEMPT_LIFETIME);
});

test("its own redirect gives the code", () => {
  assert.deepEqual(judge(address), { kind: "code", code: "c0de" });
});

test("as people paste it: with blanks around, without the scheme, with a fragment", () => {
  for (const text of [` ${address}\n`, address.slice("http://".length), `${address}#`]) {
    assert.deepEqual(judge(text), { kind: "code", code: "c0de" }, text);
  }
});

test("an end without a code", () => {
  const ended = judge(`${REDIRECT}?error=access_denied&state=${attempt.state}`);
  assert.deepEqual(ended, { kind: "ended", error: "access_denied" });
});

test("the state of another user's attempt", () => {
  const other = newAttempt("bob", REDIRECT, randomBytes, NOW);
  const refused = judge(`${REDIRECT}?state=${other.state}&duo_code=c0de`);
  assert.deepEqual(refused, { kind: "refused", reason: "wrong-state" });
});

test("an error with a wrong state ends nothing", () => {
  const refused = judge(`${REDIRECT}?error=access_denied&state=${attempt.nonce}`);
  assert.deepEqual(refused, { kind: "refused", reason: "wrong-state" });
});

test("expired to the millisecond", () => {
  assert.equal(judge(address, attempt.expiresAt - 1).kind, "code");
  const refused = { kind: "refused", reason: "expired" };
  assert.deepEqual(judge(address, attempt.expiresAt), refused);
});

const MALFORMED = [
  ["another port", address.replace("8080", "8081")],
  ["another host", address.replace("localhost", "127.0.0.1")],
  ["a host that begins alike", address.replace("localhost", "localhost.example.org")],
  ["another path", address.replace("/callback", "/other")],
  ["a longer path", address.replace("/callback", "/callback/")],
  ["another scheme", address.replace("http:", "https:")],
  ["a user name", address.replace("localhost", "x@localhost")],
  ["a repeated state", `${address}&state=${attempt.state}`],
  ["a repeated code", `${address}&duo_code=other`],
  ["the query alone", address.slice(REDIRECT.length)],
  ["no query", REDIRECT],
  ["the query in the fragment", address.replace("?", "#")],
  ["too long an address", `${address}&x=${"x".repeat(8192)}`],
  ["nothing", ""],
] as const;

for (const [what, text] of MALFORMED) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(judge(text), { kind: "refused", reason: "malformed" });
  });
}
