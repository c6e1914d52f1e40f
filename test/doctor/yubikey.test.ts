/** What doctor says of validation servers: one line, and nothing where none are set up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { examineYubikey, type ValidationFacts } from "../../src/doctor/yubikey.ts";
import { told } from "./findings.ts";

const GOOD: ValidationFacts = {
  checkSettings: () => undefined,
  hasSecret: async () => true,
  ask: async () => 0,
};

const fault = new Fault("yubikey-refused", "it does not know the client id", { hint: "mend it" });
const unasked = () => assert.fail("asked");

const cases: readonly (readonly [what: string, facts: Partial<ValidationFacts>, line: string])[] = [
  ["servers that take the key", {}, "ok the validation servers take the API key"],
  [
    "settings that do not hold",
    { ask: unasked, checkSettings: () => assert.fail(fault) },
    "problem it does not know the client id",
  ],
  [
    "a key that is not stored",
    { ask: unasked, hasSecret: async () => false },
    "problem the API key of the validation servers is not stored",
  ],
  [
    "a store that does not open",
    { ask: unasked, hasSecret: async () => undefined },
    "warning not asked: the store cannot be looked into",
  ],
  [
    "no master key",
    { ask: async () => undefined },
    "warning not asked: the master key is not to be had",
  ],
  [
    "servers that refuse it",
    { ask: () => Promise.reject(fault) },
    "problem it does not know the client id",
  ],
];
for (const [what, facts, line] of cases) {
  test(`${what}: ${line}`, async () => {
    assert.deepEqual(told(await examineYubikey({ servers: () => ({ ...GOOD, ...facts }) })), [
      line,
    ]);
  });
}

test("nothing is said where none are set up, and settings that do not parse are another's", async () => {
  assert.deepEqual(await examineYubikey({ servers: () => undefined }), []);
  assert.deepEqual(told(await examineYubikey({ servers: () => assert.fail(fault) })), [
    "warning not looked for: the settings do not parse",
  ]);
});
