/** What just Enter begins, and what an administrator has users told once they are in. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ChallengeMethod, ChallengeOutcome } from "../../src/contracts/method.ts";
import { compile } from "../../src/core/policy/decide.ts";
import { methodsFor } from "../../src/methods/registry.ts";
import { answers } from "./conversations.ts";
import { type HostOptions, makeHost, person } from "./host.ts";

/** A host with a service that says yes to whoever is asked, and alice enrolled in it. */
async function withPush(t: TestContext, options: HostOptions = {}) {
  const asked: string[] = [];
  let outcome: ChallengeOutcome = { kind: "approved" };
  const method: ChallengeMethod = {
    ...{ kind: "challenge", name: "duo-push", word: "push", failMode: "secure", shapes: ["push"] },
    ...{ setUp: "", needsSecret: true, enrollsAtLogin: true },
    isEnrolled: async (tx, user) =>
      (await tx.authenticators.findRemote(user, "duo-push")) !== undefined,
    nameOf: (user) => user,
    challenge: async ({ user, access }) => {
      asked.push(`${user} ${access}`);
      return access === "none" ? { kind: "refused", reason: "not-enrolled" } : outcome;
    },
    load: async () => undefined,
    check: async () => ({ clockOffset: 0 }),
  };
  const host = makeHost(t, { methods: [...methodsFor({}), method], ...options });
  await host.root.setMethodSecret("duo-push", "the secret");
  await host.verify("alice", "push");
  asked.length = 0;
  const denies = (): void => {
    outcome = { kind: "refused", reason: "denied" };
  };
  return { host, asked, denies };
}

async function told(host: ReturnType<typeof makeHost>, user: string, answer: string) {
  const { verdict, reason } = await host.verify(user, answer);
  return reason === undefined ? verdict : `${verdict} ${reason}`;
}

test("just Enter is malformed where nothing is preferred, and rings the phone where it is", async (t) => {
  const { host, asked, denies } = await withPush(t);
  assert.equal(await told(host, "alice", ""), "reject malformed");
  const set = () => host.as(person("alice")).setPreferredMethod("alice", "duo-push");
  assert.deepEqual(
    [await set(), await set()].map(({ changed }) => changed),
    [true, false],
  );
  for (const empty of ["", " ", "\t \r\n"])
    assert.equal(await told(host, "alice", empty), "accept");
  assert.deepEqual(asked, Array(3).fill("alice challenge"));
  for (const answer of ["\0", "\u00a0", " ".repeat(300), "."]) {
    assert.equal(await told(host, "alice", answer), "reject malformed", JSON.stringify(answer));
  }
  denies();
  await host.root.unlockUser("alice");
  const verdicts = await host.fail("alice", "", 6);
  assert.deepEqual(verdicts, [...Array(5).fill("reject"), "throttled"], "each is an attempt");
});

test("the policy's method is everybody's who has not chosen; the prompt tells nothing of it", async (t) => {
  const { host, asked } = await withPush(t, { policy: { defaultMethod: "duo-push" } });
  assert.equal(await told(host, "alice", ""), "accept");
  assert.equal(await told(host, "nobody", ""), "accept", "their first login enrolls them");
  assert.deepEqual(asked, ["alice challenge", "nobody enroll"]);
  await host.root.setPreferredMethod("alice", "totp");
  assert.equal(await told(host, "alice", ""), "reject malformed");
  for (const user of ["alice", "nobody", "-x"]) {
    const conversation = answers("");
    await host.root.verify(user, {}, conversation);
    assert.deepEqual(conversation.prompts, ["Verification code (or push): "]);
  }
  await host.root.setPreferredMethod("alice", undefined);
  assert.equal(await told(host, "alice", ""), "accept");
});

test("who has something else enrolled is not enrolled by Enter either", async (t) => {
  const { host, asked } = await withPush(t, { policy: { defaultMethod: "duo-push" } });
  await host.enroll("bob");
  assert.equal(await told(host, "bob", ""), "reject not-enrolled");
  assert.deepEqual(asked, ["bob none"]);
});

test("a preferred method that the rule does not permit, or that is off, begins nothing", async (t) => {
  const rules = compile([{ say: "require", methods: ["totp"] }]);
  const { host, asked } = await withPush(t);
  await host.root.setPreferredMethod("alice", "duo-push");
  for (const changed of [
    host.with({ policy: { rules, defaultMethod: "duo-push" } }),
    host.with({ methods: methodsFor({}), policy: { defaultMethod: "duo-push" } }),
  ]) {
    // As for any answer of who has nothing that counts here.
    const { verdict } = await changed.verify("alice", {}, answers(""));
    assert.deepEqual([verdict, asked], ["unenrolled", []]);
  }
});

test("one chooses for oneself, and root for all; each change is an event", async (t) => {
  const { host } = await withPush(t);
  const alice = host.as(person("alice"));
  await assert.rejects(alice.setPreferredMethod("bob", "totp"), { code: "not-permitted" });
  await assert.rejects(host.root.setPreferredMethod("a/b", "totp"), { code: "account-invalid" });
  const unknown = "htop" as "totp";
  await assert.rejects(host.root.setPreferredMethod("bob", unknown), { code: "usage" });
  const events = await host.eventsOf(async () => {
    await alice.setPreferredMethod("alice", "duo-push");
    await host.root.setPreferredMethod("alice", undefined);
    await host.root.setPreferredMethod("nobody", undefined);
  });
  assert.deepEqual(
    events.map(({ action, user, method, detail, caller }) => [
      action,
      user,
      method,
      detail,
      caller,
    ]),
    [
      ["user-prefer", "alice", "duo-push", null, "1000:alice"],
      ["user-prefer", "alice", null, "removed", "0:root"],
    ],
  );
});

test("a purged method is nobody's wish any more", async (t) => {
  const { host } = await withPush(t);
  await host.root.setPreferredMethod("alice", "duo-push");
  await host.root.setPreferredMethod("bob", "totp");
  await host.root.purgeMethod("duo-push");
  assert.equal((await host.root.showUser("alice")).preferredMethod, undefined);
  assert.equal((await host.root.showUser("bob")).preferredMethod, "totp");
});

const MESSAGE = "Please collect your new phone.";

test("a message is told after each accepted factor, to that user, and at no other time", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "allow" } });
  const { phone, backupCodes } = await host.enroll("alice");
  await host.enroll("bob");
  await host.root.setMessage("alice", MESSAGE);
  await host.root.setMessage("carol", MESSAGE);
  const said = async (user: string, answer: string) => {
    const conversation = answers(answer);
    const { verdict } = await host.root.verify(user, {}, conversation);
    return [verdict, ...conversation.said];
  };
  assert.deepEqual(await said("alice", phone.wrongCode()), ["reject"]);
  assert.deepEqual(await said("alice", phone.code()), ["accept", MESSAGE]);
  assert.deepEqual(await said("alice", backupCodes[0] ?? ""), ["accept", MESSAGE]);
  assert.deepEqual(await said("carol", "000000"), ["exempt"], "nobody proved to be carol");
  assert.deepEqual(await said("bob", "000000"), ["reject"]);
  await host.root.setMessage("alice", undefined);
  assert.deepEqual(await said("alice", backupCodes[1] ?? ""), ["accept"]);
});

test("what cannot be told changes no verdict", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await host.root.setMessage("alice", MESSAGE);
  const deaf = { ...answers(phone.code()), info: () => Promise.reject(new Error("gone")) };
  assert.equal((await host.root.verify("alice", {}, deaf)).verdict, "accept");
});

test("only root sets a message: one line, which the log does not hold", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  await assert.rejects(host.as(person("alice")).setMessage("alice", "x"), {
    code: "not-permitted",
  });
  for (const text of ["", " x", "a\nb", "a\u001b[2J", "\u202ea", "x".repeat(201)]) {
    await assert.rejects(host.root.setMessage("alice", text), { code: "usage" });
  }
  const events = await host.eventsOf(async () => {
    await host.root.setMessage("alice", MESSAGE);
    await host.root.setMessage("alice", MESSAGE);
    await host.root.setMessage("alice", undefined);
  });
  assert.deepEqual(
    events.map(({ action, detail }) => `${action} ${detail}`),
    ["user-message set", "user-message removed"],
  );
  await host.root.setMessage("alice", "x".repeat(200));
  assert.equal((await host.root.showUser("alice")).message?.length, 200);
});
