/** The host's own words: the same for everybody, and for every cause but a delay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanTexts } from "../../src/core/texts.ts";
import { DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { answers, replies, silence } from "./conversations.ts";
import { makeHost, person } from "./host.ts";

const OPTIONS = { method: "totp", ...DEFAULT_PARAMETERS };
const REFUSAL = "Lost your phone? Call 4711.";
const TEXTS = { prompt: "Sesame", refusal: REFUSAL, banner: "House rules: /srv/2fa" };

test("the prompt has the host's own words, the same for everybody", async (t) => {
  const host = makeHost(t, { policy: { texts: TEXTS } });
  await host.enroll("alice");
  for (const user of ["alice", "bob", "-x", ""]) {
    const conversation = answers("000000");
    await host.root.verify(user, {}, conversation);
    assert.deepEqual([conversation.prompts, conversation.said], [["Sesame: "], []], user);
  }
});

test("whoever is refused reads the same sentence, whatever the cause", async (t) => {
  const host = makeHost(t, { policy: { texts: TEXTS } });
  const { phone } = await host.enroll("alice");
  await host.enroll("carol");
  await host.root.disableUser("carol");
  const refused = async (user: string, answer: string) => {
    const { verdict, refusal } = await host.verify(user, answer);
    return [verdict, refusal];
  };
  assert.deepEqual(await refused("alice", "000000"), ["reject", REFUSAL]);
  assert.deepEqual(await refused("alice", ""), ["reject", REFUSAL]);
  assert.deepEqual(await refused("bob", "000000"), ["unenrolled", REFUSAL]);
  assert.deepEqual(await refused("carol", "000000"), ["reject", REFUSAL]);
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    assert.equal((await host.root.verify("alice", {}, replies({ kind }))).refusal, REFUSAL);
  }
  assert.deepEqual(await refused("alice", phone.code()), ["accept", undefined]);
  await host.fail("alice", "000000", 5);
  assert.deepEqual(await refused("alice", "000000"), ["throttled", undefined]);
  await host.parts.store.close();
  assert.deepEqual(await refused("alice", "000000"), ["unavailable", REFUSAL]);
});

test("nobody who passes unasked reads it, and it is off by default", async (t) => {
  const off = makeHost(t, { policy: { texts: TEXTS, enabled: false } });
  assert.equal((await off.verify("bob", "")).refusal, undefined);
  assert.equal("refusal" in (await makeHost(t).verify("bob", "000000")), false);
});

test("whoever begins to enroll is told the banner", async (t) => {
  const host = makeHost(t, { policy: { texts: TEXTS } });
  const begun = await host.as(person("alice")).beginEnrollment("alice", OPTIONS, silence);
  assert.equal(begun.banner, TEXTS.banner);
});

test("another issuer leaves the authenticators that there are as they are", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  const renamed = host.with({ policy: { issuer: "Another" }, methods: methodsFor({}) });
  for (const answer of [phone.code(), backupCodes[0] ?? ""]) {
    assert.equal((await renamed.verify("alice", {}, answers(answer))).verdict, "accept");
  }
  const { uri } = await renamed.beginEnrollment("bob", OPTIONS, silence);
  assert.match(uri, /issuer=Another/);
});

test("what would move a cursor is taken out of the settings' texts once more", () => {
  const evil = "\u001b[2Ja\nb\u202ec";
  const texts = cleanTexts({ prompt: evil, banner: evil, refusal: evil });
  assert.deepEqual(texts, {
    ...{ prompt: "[2Jabc", banner: "[2Jabc", refusal: "[2Jabc", reminder: undefined },
  });
});
