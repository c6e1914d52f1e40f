/** What a reply says that somebody on the way has put together anew. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readReply } from "../../src/yubikey/reply.ts";
import { signatureOf } from "../../src/yubikey/signature.ts";
import { SoftwareYubikey } from "../support/yubikey.ts";

test("a signed refusal is not cut into other fields that have the same signature", () => {
  const [otp, nonce, t] = [
    new SoftwareYubikey().touch(),
    "0123456789abcdef",
    "2026-01-01T00:00:00Z0000",
  ];
  const asked = { otp, nonce, apiKey: Buffer.alloc(20, 7), now: Date.parse("2026-01-01") };
  // What a server says that gives back what it was asked about.
  const counters = "sessioncounter=1&sessionuse=1";
  const said = { nonce, otp: `${otp}&${counters}&status=OK&t=${t}&x=`, status: "BAD_OTP", t };
  const h = signatureOf(said, asked.apiKey);
  const cut = { h, nonce, otp, sessioncounter: "1", sessionuse: "1", status: "OK", t };
  const fields = { ...cut, x: `&status=BAD_OTP&t=${t}` };
  const body = Object.entries(fields).map(([name, value]) => `${name}=${value}\r\n`);
  const read = () => readReply(200, Buffer.from(body.join("")), asked, "server");
  assert.throws(read, /does not speak the validation protocol/);
});
