/** One-time passwords agree with the RFCs' vectors, and with another implementation. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { encodeBase32 } from "../../src/core/base32.ts";
import {
  ALGORITHMS,
  codeAt,
  matchTotp,
  type OtpParameters,
  SECRET_BOUNDS,
  SECRET_BYTES,
  timeStepAt,
} from "../../src/core/totp.ts";
import { oathtool } from "../support/clock.ts";
import { needs } from "../support/parts.ts";
import { HOTP_SECRET, HOTP_VECTORS, TOTP_SECRETS, TOTP_VECTORS } from "../vectors/rfc.ts";

const HOTP = { algorithm: "sha1", digits: 6, period: 30 } as const;

describe("RFC 4226 appendix D", () => {
  for (const [count, hmac, hexadecimal, decimal, code] of HOTP_VECTORS) {
    test(`count ${count}: the code, and the values on the way to it`, () => {
      const counter = Buffer.alloc(8);
      counter.writeBigUInt64BE(BigInt(count));
      assert.equal(createHmac("sha1", HOTP_SECRET).update(counter).digest("hex"), hmac);
      assert.equal(Number.parseInt(hexadecimal, 16), decimal);
      assert.equal(codeAt(HOTP_SECRET, count, HOTP), code);
      // Eight digits show more of the truncated value: it is ours too, and not its end alone.
      const longer = `${decimal % 100_000_000}`.padStart(8, "0");
      assert.equal(codeAt(HOTP_SECRET, count, { ...HOTP, digits: 8 }), longer);
    });
  }
});

describe("RFC 6238 appendix B", () => {
  for (const [seconds, step, code, algorithm] of TOTP_VECTORS) {
    test(`${seconds} s, ${algorithm}`, () => {
      const parameters = { algorithm, digits: 8, period: 30 } as const;
      const secret = TOTP_SECRETS[algorithm];
      assert.equal(timeStepAt(seconds * 1000, 30), Number.parseInt(step, 16));
      assert.equal(codeAt(secret, timeStepAt(seconds * 1000, 30), parameters), code);
      const match = matchTotp(secret, code, seconds * 1000, parameters);
      assert.deepEqual(match, { step: Number.parseInt(step, 16), drift: 0 });
    });
  }

  test("the secrets are as long as the hash", () => {
    for (const algorithm of ALGORITHMS) {
      assert.equal(TOTP_SECRETS[algorithm].length, SECRET_BYTES[algorithm]);
    }
  });
});

describe("oathtool computes the same codes", needs("oathtool"), () => {
  test("of the shortest and the longest secret that other systems hand out", async () => {
    for (const algorithm of ALGORITHMS) {
      for (const length of [SECRET_BOUNDS.shortest, SECRET_BOUNDS.longest]) {
        const secret = randomBytes(length);
        const form: OtpParameters = { algorithm, digits: 7, period: 30 };
        const theirs = await oathtool(encodeBase32(secret), 59_000, form);
        assert.ok(codeAt(secret, 1, form) === theirs, `${algorithm}, ${length} bytes`);
      }
    }
  });

  const forms = ALGORITHMS.flatMap((algorithm) =>
    ([6, 8] as const).flatMap((digits) =>
      ([30, 60] as const).map((period): OtpParameters => ({ algorithm, digits, period })),
    ),
  );
  for (const form of forms) {
    test(`${form.algorithm}, ${form.digits} digits, ${form.period} s`, async () => {
      for (let round = 0; round < 4; round++) {
        const secret = randomBytes(SECRET_BYTES[form.algorithm]);
        const now = randomBytes(4).readUInt32BE() * 1000 + 999;
        const theirs = await oathtool(encodeBase32(secret), now, form);
        const ours = codeAt(secret, timeStepAt(now, form.period), form);
        // Compared here, so that no code is in the message.
        assert.ok(ours === theirs, `a code for second ${now / 1000} is not oathtool's`);
      }
    });
  }
});
