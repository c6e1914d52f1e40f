import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  callbackUri,
  isCallbackUri,
  readRedirect,
  sameSecret,
  wayBackOf,
} from "../../src/core/redirect.ts";

test("a redirect has one state, and one code or one error", () => {
  assert.deepEqual(readRedirect("state=s&duo_code=c"), { kind: "code", state: "s", code: "c" });
  const error = { kind: "error", state: "s", error: "access_denied" };
  assert.deepEqual(readRedirect("error=access_denied&state=s"), error);
});

test("names that are not ours are ignored", () => {
  const read = readRedirect("lang=en&state=s&code=other&duo_code=c&error_description=no");
  assert.deepEqual(read, { kind: "code", state: "s", code: "c" });
});

const REFUSED = [
  ["nothing", ""],
  ["no state", "duo_code=c"],
  ["an empty state", "state=&duo_code=c"],
  ["no code", "state=s"],
  ["an empty code", "state=s&duo_code="],
  ["an empty error", "state=s&error="],
  ["code of the old name alone", "state=s&code=c"],
  ["code and error", "state=s&duo_code=c&error=access_denied"],
  ["two states", "state=s&state=s&duo_code=c"],
  ["two codes", "state=s&duo_code=c&duo_code=c"],
  ["two codes, one in percent", "state=s&duo_code=c&duo%5Fcode=d"],
  ["two errors", "state=s&error=a&error=b"],
  ["two of a name that is not ours", "state=s&duo_code=c&lang=en&lang=de"],
  ["a code with a line break", "state=s&duo_code=c%0d%0aSet-Cookie:x"],
  ["a code with an escape", "state=s&duo_code=%1b[2J"],
  ["an error with an escape", "state=s&error=%1b[2J"],
  ["a code that is not UTF-8", "state=s&duo_code=%ff"],
  ["a code of any length", `state=s&duo_code=${"c".repeat(1025)}`],
  ["a semicolon between", "state=s;duo_code=c"],
  ["names in capitals", "STATE=s&DUO_CODE=c"],
] as const;

for (const [what, query] of REFUSED) {
  test(`refused: ${what}`, () => assert.equal(readRedirect(query), undefined));
}

test("any query: what is read is visible ASCII, and reads back from a query of it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string())), fc.string(), (pairs, noise) => {
      const query = `${new URLSearchParams(pairs)}&${noise}`;
      const read = readRedirect(query);
      assert.ok(read === undefined || /^[\x20-\x7e]+$/.test(Object.values(read).join("")));
    }),
  );
});

test("the callback is localhost with a port, written one way", () => {
  assert.equal(callbackUri(8080), "http://localhost:8080/callback");
  for (const port of [1024, 8080, 65535]) assert.ok(isCallbackUri(callbackUri(port)));
  for (const uri of [
    callbackUri(80),
    callbackUri(1023),
    callbackUri(65536),
    "http://localhost:08080/callback",
    "http://localhost/callback",
    "https://localhost:8080/callback",
    "http://LOCALHOST:8080/callback",
    "http://127.0.0.1:8080/callback",
    "http://localhost:8080/callback/",
    "http://localhost:8080/callback?x",
    "http://localhost:8080/callback#x",
    "http://localhost:8080/callback\n",
    "http://localhost:8080@example.org/callback",
    "http://localhost.example.org:8080/callback",
    "http://user@localhost:8080/callback",
    "",
  ]) {
    assert.ok(!isCallbackUri(uri), uri);
  }
});

test("secrets are the same or not, whatever their lengths", () => {
  assert.ok(sameSecret("abc", "abc"));
  for (const other of ["", "ab", "abd", "abcd", "ABC"]) assert.ok(!sameSecret("abc", other));
});

test("an address without a request that can be read has no way back", () => {
  const good = { state: "s", redirect_uri: callbackUri(8080) };
  const of = (claims: unknown): string => {
    const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
    return `https://duo.example/authorize?request=header.${payload}.signature`;
  };
  assert.deepEqual(wayBackOf(of(good)), { state: "s", redirectUri: callbackUri(8080) });
  for (const address of [
    "",
    "not an address",
    "https://duo.example/authorize",
    "https://duo.example/authorize?request=",
    "https://duo.example/authorize?request=a.b.c",
    of(null),
    of([]),
    of({}),
    of({ ...good, state: 1 }),
    of({ ...good, state: "" }),
    of({ ...good, state: "\u001b[2J" }),
    of({ ...good, redirect_uri: 1 }),
    of({ ...good, redirect_uri: "https://example.org/callback" }),
  ]) {
    assert.equal(wayBackOf(address), undefined, address);
  }
});
