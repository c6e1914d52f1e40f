/** Requests are signed as Duo's own clients sign them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  authorization,
  canonicalParameters,
  canonicalRequest,
  type Parameters,
} from "../../src/duo/signature.ts";

/*
 * Published vectors: duosecurity/duo_client_python, tests/test_client.py (TestQueryParameters,
 * TestCanonicalize.test_v2, TestSign.test_hmac_sha512), the same in duosecurity/duo_api_nodejs,
 * tests/duo_sig.js.
 */
const ASCII: Parameters = {
  digits: "0123456789",
  letters: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  punctuation: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
  whitespace: "\t\n\v\f\r ",
};
const ASCII_CANONICAL =
  "digits=0123456789&letters=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" +
  "&punctuation=%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E_%60" +
  "%7B%7C%7D~&whitespace=%09%0A%0B%0C%0D%20";
const UNICODE: Parameters = {
  "\u469a\u287b\u35d0\u8ef3\u6727\u502a\u0810\ud091\xc8\uc170":
    "\u0f45\u1a76\u341a\u654c\uc23f\u9b09\uabe2\u8343\u1b27\u60d0",
  "\u7449\u7e4b\uccfb\u59ff\ufe5f\u83b7\uadcc\u900c\ucfd1\u7813":
    "\u8db7\u5022\u92d3\u42ef\u207d\u8730\uacfe\u5617\u0946\u4e30",
  "\u7470\u9314\u901c\u9eae\u40d8\u4201\u82d8\u8c70\u1d31\ua042":
    "\u17d9\u0ba8\u9358\uaadf\ua42a\u48be\ufb96\u6fe9\ub7ff\u32f3",
  "\uc2c5\u2c1d\u2620\u3617\u96b3F\u8605\u20e8\uac21\u5934":
    "\ufba9\u41aa\ubd83\u840b\u2615\u3e6e\u652d\ua8b5\ud56bU",
};
const UNICODE_CANONICAL =
  "%E4%9A%9A%E2%A1%BB%E3%97%90%E8%BB%B3%E6%9C%A7%E5%80%AA%E0%A0%90%ED%82%91%C3%88%EC%85%B0=" +
  "%E0%BD%85%E1%A9%B6%E3%90%9A%E6%95%8C%EC%88%BF%E9%AC%89%EA%AF%A2%E8%8D%83%E1%AC%A7%E6%83%90&" +
  "%E7%91%89%E7%B9%8B%EC%B3%BB%E5%A7%BF%EF%B9%9F%E8%8E%B7%EA%B7%8C%E9%80%8C%EC%BF%91%E7%A0%93=" +
  "%E8%B6%B7%E5%80%A2%E9%8B%93%E4%8B%AF%E2%81%BD%E8%9C%B0%EA%B3%BE%E5%98%97%E0%A5%86%E4%B8%B0&" +
  "%E7%91%B0%E9%8C%94%E9%80%9C%E9%BA%AE%E4%83%98%E4%88%81%E8%8B%98%E8%B1%B0%E1%B4%B1%EA%81%82=" +
  "%E1%9F%99%E0%AE%A8%E9%8D%98%EA%AB%9F%EA%90%AA%E4%A2%BE%EF%AE%96%E6%BF%A9%EB%9F%BF%E3%8B%B3&" +
  "%EC%8B%85%E2%B0%9D%E2%98%A0%E3%98%97%E9%9A%B3F%E8%98%85%E2%83%A8%EA%B0%A1%E5%A4%B4=" +
  "%EF%AE%A9%E4%86%AA%EB%B6%83%E8%90%8B%E2%98%95%E3%B9%AE%E6%94%AD%EA%A2%B5%ED%95%ABU";
const REQUEST = {
  date: "Fri, 07 Dec 2012 17:18:00 -0000",
  method: "PoSt",
  host: "foO.BAr52.cOm",
  path: "/Foo/BaR2/qux",
  parameters: UNICODE,
};
const SIGNATURE =
  "0508065035a03b2a1de2f453e629e791d180329e157f65df6b3e0f08299d4321" +
  "e1c5c7a7c7ee6b9e5fc80d1fb6fbf3ad5eb7c44dd3b3985a02c37aca53ec3698";

test("parameters, by the published vectors", () => {
  assert.equal(canonicalParameters({}), "");
  assert.equal(canonicalParameters({ realname: "First Last" }), "realname=First%20Last");
  const two = { username: "root", realname: "First Last" };
  assert.equal(canonicalParameters(two), "realname=First%20Last&username=root");
  assert.equal(canonicalParameters(ASCII), ASCII_CANONICAL);
  assert.equal(canonicalParameters(UNICODE), UNICODE_CANONICAL);
  assert.equal(canonicalParameters({ foo_bar: "2", foo: "1" }), "foo=1&foo_bar=2");
});

test("a request, by the published vector", () => {
  const head = "Fri, 07 Dec 2012 17:18:00 -0000\nPOST\nfoo.bar52.com\n/Foo/BaR2/qux\n";
  assert.equal(canonicalRequest(REQUEST), head + UNICODE_CANONICAL);
});

test("a signature, by the published vector", () => {
  const secretKey = Buffer.from("gtdfxv9YgVBYcF6dl2Eq17KUQJN2PLM2ODVTkvoT");
  const value = authorization({ integrationKey: "test_ikey", secretKey }, REQUEST);
  assert.equal(value, `Basic ${Buffer.from(`test_ikey:${SIGNATURE}`).toString("base64")}`);
});

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const parameters = fc.dictionary(text, text, { maxKeys: 8 });

test("parameters are sorted, unreserved or escaped, and read back as they were", () => {
  fc.assert(
    fc.property(parameters, (given) => {
      const canonical = canonicalParameters(given);
      assert.match(canonical, /^(?:[A-Za-z0-9_.~=&-]|%[0-9A-F]{2})*$/);
      const pairs = canonical === "" ? [] : canonical.split("&").map((pair) => pair.split("="));
      const names = pairs.map(([name = ""]) => name);
      assert.deepEqual(
        names,
        names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
      assert.ok(pairs.every((pair) => pair.length === 2));
      const read = pairs.map((pair) => pair.map((part) => decodeURIComponent(part)));
      assert.deepEqual(new Map(read as [string, string][]), new Map(Object.entries(given)));
    }),
  );
});

test("the order in which parameters were given does not matter", () => {
  fc.assert(
    fc.property(parameters, (given) => {
      const turned = Object.fromEntries(Object.entries(given).toReversed());
      assert.equal(canonicalParameters(turned), canonicalParameters(given));
    }),
  );
});

test("no part of a request can pass for another", () => {
  const part = fc.string({ unit: "binary", maxLength: 12 }).filter((each) => each.isWellFormed());
  const request = fc.record({ username: part, device: part });
  const digest = (given: Parameters) =>
    createHash("sha256")
      .update(canonicalRequest({ ...REQUEST, parameters: given }))
      .digest("hex");
  fc.assert(
    fc.property(request, request, (one, other) => {
      const same = one.username === other.username && one.device === other.device;
      assert.equal(digest(one) === digest(other), same);
    }),
  );
});

test("a name that is no Unicode is refused, not turned into another", () => {
  assert.throws(() => canonicalParameters({ username: "a\ud800" }), { code: "refused" });
});
