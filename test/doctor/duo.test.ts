/** What doctor says of Duo: of each fault one line, and nothing where Duo is not set up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { type DuoMethodFacts, examineDuo } from "../../src/doctor/duo.ts";
import { told } from "./findings.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const DAY = 86_400_000;

const GOOD: DuoMethodFacts = {
  method: "duo-prompt",
  apiHost: "api-12345678.duosecurity.com",
  id: "DIXXXXXXXXXXXXXXXXXX",
  idName: "client id",
  failMode: "secure",
  caFile: undefined,
  checkHost: () => undefined,
  firstExpiry: () => NOW + 90 * DAY,
  hasSecret: async () => true,
  ask: async () => 0,
};

async function say(...methods: readonly Partial<DuoMethodFacts>[]): Promise<string[]> {
  const all = methods.map((facts) => ({ ...GOOD, ...facts }));
  return told(await examineDuo({ methods: () => all, now: () => NOW }));
}

const failing = (message: string) => () => {
  throw new Fault("settings-invalid", message, { hint: "mend it" });
};

test("nothing is said where nothing is set up", async () => {
  assert.deepEqual(await say({ apiHost: undefined, id: undefined }), []);
});

test("each method that Duo takes is ok", async () => {
  assert.deepEqual(await say(GOOD, { method: "duo-push" }), [
    "ok duo-prompt: Duo takes the keys",
    "ok duo-push: Duo takes the keys",
  ]);
});

test("half a set-up is a problem, and Duo is not asked", async () => {
  const ask = () => assert.fail("asked");
  assert.deepEqual(await say({ id: undefined, ask }, { apiHost: undefined, ask }), [
    "problem duo-prompt is off: there is an API host, and no client id",
    "problem duo-prompt is off: there is a client id, and no API host",
  ]);
  const push = { method: "duo-push", idName: "integration key", apiHost: undefined, ask };
  assert.deepEqual(await say(push), [
    "problem duo-push is off: there is an integration key, and no API host",
  ]);
});

test("a host that is not Duo's, and a CA file that does not open, are problems", async () => {
  const ask = () => assert.fail("asked");
  assert.deepEqual(await say({ checkHost: failing('"x" is not an API host of Duo'), ask }), [
    'problem duo-prompt: "x" is not an API host of Duo',
  ]);
  assert.deepEqual(await say({ firstExpiry: failing("FILE: is not there"), ask }), [
    "problem duo-prompt: FILE: is not there",
  ]);
});

test("a secret that is not stored is a problem; a store that does not open is another's", async () => {
  const ask = () => assert.fail("asked");
  assert.deepEqual(await say({ hasSecret: async () => false, ask }), [
    "problem duo-prompt: its secret is not stored",
  ]);
  assert.deepEqual(await say({ hasSecret: async () => undefined, ask }), [
    "warning duo-prompt: not asked: the store cannot be looked into",
  ]);
  assert.deepEqual(await say({ ask: async () => undefined }), [
    "warning duo-prompt: not asked: the master key is not to be had",
  ]);
});

test("what Duo refuses is a problem, with its mend", async () => {
  const ask = () => Promise.reject(new Fault("duo-refused", "it is another", { hint: "copy it" }));
  assert.deepEqual(await say({ ask }), ["problem duo-prompt: it is another"]);
});

test("a clock that is off by more than a minute is named, ahead or behind", async () => {
  assert.deepEqual(await say({ ask: async () => -60 }), ["ok duo-prompt: Duo takes the keys"]);
  for (const [offset, words] of [
    [61, "61 s ahead of"],
    [-90, "90 s behind"],
  ] as const) {
    assert.deepEqual(await say({ ask: async () => offset }), [
      `warning duo-prompt: Duo takes the keys; this host's clock is ${words} Duo's`,
    ]);
  }
});

test("fail mode safe is a warning", async () => {
  const lines = await say({ failMode: "safe" });
  assert.match(lines[1] ?? "", /^warning the fail mode of duo-prompt is safe: /);
});

test("roots are warned of 90 days before one expires, and afterwards", async () => {
  const expiring = (days: number, caFile?: string) =>
    say({ firstExpiry: () => NOW + days * DAY, caFile });
  assert.match(
    (await expiring(89.9))[1] ?? "",
    /^warning duo-prompt: one of the roots .* expires on 2027-02-20$/,
  );
  assert.match((await expiring(-1))[1] ?? "", /^warning .* expired on 2026-11-21$/);
  assert.match(
    (await expiring(1, "/etc/duo.pem"))[1] ?? "",
    /^warning duo-prompt: a certificate in \/etc\/duo\.pem expires on 2026-11-23$/,
  );
});
