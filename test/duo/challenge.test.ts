/** What the phone is told stays within what Duo takes, whatever it is made of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { challengeParameters } from "../../src/duo/challenge.ts";

test("each factor sends its own parameters and no others", () => {
  const device = "DP1";
  assert.deepEqual(challengeParameters({ factor: "phone", device }), { factor: "phone", device });
  assert.deepEqual(challengeParameters({ factor: "sms", device }), { factor: "sms", device });
  const passcode = { factor: "passcode", passcode: "123456" } as const;
  assert.deepEqual(challengeParameters(passcode), passcode);
  assert.deepEqual(challengeParameters({ factor: "push", device }), { factor: "push", device });
  const push = {
    factor: "push",
    device,
    transaction: "tx",
    type: "sudo",
    displayName: "Alice",
    info: { host: "web 1", command: "rm -rf /" },
  } as const;
  assert.deepEqual(challengeParameters(push), {
    ...{ factor: "push", device, txid: "tx", type: "sudo", display_username: "Alice" },
    pushinfo: "host=web%201&command=rm%20-rf%20%2F",
  });
});

test("no command line makes the text too long, or breaks out of its pair", () => {
  const value = fc.string({ unit: "binary", maxLength: 3000 });
  const info = fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), value, { maxKeys: 40 });
  fc.assert(
    fc.property(info, (given) => {
      const sent = challengeParameters({ factor: "push", device: "auto", info: given });
      const pairs = (sent.pushinfo ?? "").split("&").filter((pair) => pair !== "");
      assert.ok(Buffer.byteLength(sent.pushinfo ?? "") < 20_000);
      assert.ok(pairs.length <= Object.keys(given).length);
      for (const pair of pairs) {
        assert.equal(pair.split("=").length, 2);
        assert.doesNotMatch(decodeURIComponent(pair), /\p{Cc}/u);
      }
    }),
    { numRuns: 50 },
  );
});
