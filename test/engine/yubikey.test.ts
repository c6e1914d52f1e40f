/** YubiKeys judged here: by their own AES keys, each counter once, and forward only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenCell } from "../../src/core/cells.ts";
import { SoftwareYubikey, typedOnDvorak } from "../support/yubikey.ts";
import { bring, entry } from "./arrivals.ts";
import { answers, type Heard } from "./conversations.ts";
import { type Host, makeHost, person, START } from "./host.ts";

const TOUCH = "Touch the YubiKey: ";

/** As an administrator does who has the key and its secrets at hand. */
async function enroll(host: Host, key: SoftwareYubikey, user = "alice") {
  const conversation = answers(key.touch(), key.privateId, key.aesKey);
  return host.root.enrollYubikey(user, false, conversation);
}

async function verify(host: Host, answer: string, user = "alice"): Promise<string> {
  const { verdict, reason } = await host.verify(user, answer);
  return reason === undefined ? verdict : `${verdict} ${reason}`;
}

/** Into the inventory, as an import does. */
async function stock(host: Host, key: SoftwareYubikey, lastCounter = -1): Promise<void> {
  const token = { method: "yubikey", serial: key.publicId };
  const sealedSecret = host.parts.sealer.seal(key.secret, tokenCell(token));
  const none = { algorithm: undefined, digits: undefined, period: undefined };
  const added = await host.parts.store.transact((tx) =>
    tx.tokens.add({ ...token, ...none, sealedSecret, skew: 0, lastCounter }, START),
  );
  assert.equal(added, true);
}

async function serialsOf(host: Host, user = "alice"): Promise<string[]> {
  const overview = await host.parts.store.read((view) => view.accounts.overview(user));
  return (overview?.authenticators ?? []).map(({ serial }) => serial).sort();
}

test("a key whose secrets are typed in: each touch is good once, and only forward", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey({ useCounter: 4 });
  const enrolled = await enroll(host, key);
  assert.equal(enrolled.judged, "here");
  assert.equal(enrolled.serial, key.publicId);
  assert.equal(enrolled.backupCodes.length, 10);

  const first = key.touch();
  assert.equal(await verify(host, first), "accept");
  assert.equal(await verify(host, first), "reject replayed");
  const skipped = key.touch();
  assert.equal(await verify(host, typedOnDvorak(key.touch()).toUpperCase()), "accept");
  assert.equal(await verify(host, skipped), "reject replayed");
  key.plugIn();
  assert.equal(await verify(host, key.touch({ isCapsLock: true })), "accept");
  const event = (await host.audit()).findLast(({ action }) => action === "verify");
  assert.deepEqual([event?.verdict, event?.method], ["accept", "yubikey"]);
});

test("the touch that enrolled is spent", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  const otp = key.touch();
  await host.root.enrollYubikey("alice", false, answers(otp, key.privateId, key.aesKey));
  assert.equal(await verify(host, otp), "reject replayed");
});

test("a copy of the key that is behind opens nothing; one that is ahead shows the key its copy", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  await enroll(host, key);
  const copy = new SoftwareYubikey({ ...secretsOf(key), useCounter: 0 });
  for (let n = 0; n < 3; n++) key.plugIn();
  assert.equal(await verify(host, key.touch()), "accept");
  assert.equal(await verify(host, copy.touch()), "reject replayed");
  assert.equal(await verify(host, copy.touch({ useCounter: 9, sessionCounter: 0 })), "accept");
  assert.equal(await verify(host, key.touch()), "reject replayed");
});

function secretsOf({ publicId, privateId, aesKey }: SoftwareYubikey) {
  return { publicId, privateId, aesKey };
}

test("another's key, another secret, another private id, and what is not whole", async (t) => {
  const host = makeHost(t);
  const [key, another] = [new SoftwareYubikey(), new SoftwareYubikey()];
  await enroll(host, key);
  await enroll(host, another, "bob");
  const { publicId, aesKey } = key;
  assert.equal(await verify(host, another.touch()), "reject not-enrolled");
  assert.equal(await verify(host, new SoftwareYubikey().touch()), "reject not-enrolled");
  assert.equal(await verify(host, new SoftwareYubikey({ publicId }).touch()), "reject wrong-code");
  const namesake = new SoftwareYubikey({ publicId, aesKey, useCounter: 9 });
  assert.equal(await verify(host, namesake.touch()), "reject wrong-code");
  assert.equal(await verify(host, key.touch({ wrongCrc: 1 })), "reject wrong-code");
  assert.equal(await verify(host, key.touch()), "throttled too-many-failures");
  host.clock.advance(60_000);
  assert.equal(await verify(host, key.touch()), "accept");
  assert.equal(await verify(host, another.touch(), "bob"), "accept");
});

test("a hundred identical touches at once: one accept", async (t) => {
  const host = makeHost(t, { policy: { throttle: NO_DELAY } });
  const key = new SoftwareYubikey();
  await enroll(host, key);
  const otp = key.touch();
  const all = await Promise.all(Array.from({ length: 100 }, () => verify(host, otp)));
  assert.equal(all.filter((each) => each === "accept").length, 1);
  assert.equal(all.filter((each) => each === "reject replayed").length, 99);
});

const NO_DELAY = {
  freeFailures: 1000,
  firstDelay: 1000,
  longestDelay: 1000,
  decay: 1000,
  lockAfter: 0,
};

test("several keys of one user, each counted by itself", async (t) => {
  const host = makeHost(t);
  const [key, spare] = [new SoftwareYubikey({ useCounter: 90 }), new SoftwareYubikey()];
  const { backupCodes } = await enroll(host, key);
  const second = await enroll(host, spare);
  assert.deepEqual(second.backupCodes, [], "the codes they have are not killed");
  assert.equal((await host.root.backupCodeStatus("alice")).left, backupCodes.length);
  assert.deepEqual(await serialsOf(host), [key.publicId, spare.publicId].sort());
  for (const each of [key, spare, key, spare]) {
    assert.equal(await verify(host, each.touch()), "accept");
  }
  await assert.rejects(enroll(host, key), { code: "conflict", message: /alice has enrolled/ });
  assert.equal(await verify(host, key.touch()), "accept");
  await host.root.reset("alice", "yubikey", answers(), key.publicId);
  assert.equal(await verify(host, key.touch()), "reject not-enrolled");
  assert.equal(await verify(host, spare.touch()), "accept");
});

test("a key is one user's alone", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  await enroll(host, key);
  const taken = { code: "conflict", message: /somebody else's/ };
  await assert.rejects(enroll(host, key, "bob"), { ...taken, hint: /reset alice --method/ });
  const bob = host.as(person("bob"));
  const asBob = bob.enrollYubikey("bob", false, answers(key.touch()));
  await assert.rejects(asBob, { ...taken, hint: "ask an administrator" });
  assert.deepEqual(await serialsOf(host, "bob"), []);
});

test("an imported key takes a touch alone, and goes on where it stood", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey({ useCounter: 7 });
  await stock(host, key, 8 * 256 + 1);
  const touch = () => host.root.enrollYubikey("alice", false, answers(key.touch()));
  const refused = { code: "refused", message: /was used before/ };
  await assert.rejects(touch(), refused);
  await assert.rejects(touch(), refused);
  const imposter = new SoftwareYubikey({ publicId: key.publicId });
  const theirs = host.root.enrollYubikey("alice", false, answers(imposter.touch()));
  await assert.rejects(theirs, { code: "refused", message: /does not fit its AES key/ });
  assert.equal((await touch()).judged, "here");
  assert.equal(await verify(host, key.touch()), "accept");
  const found = await host.parts.store.read((view) => view.tokens.find("yubikey", key.publicId));
  assert.equal(found, undefined, "it is nobody's no longer");
});

test("one imported key, given to two at once, is one's", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  await stock(host, key);
  const users = ["alice", "bob", "carol", "dave"];
  const tried = await Promise.allSettled(
    users.map((user) => host.root.enrollYubikey(user, false, answers(key.touch()))),
  );
  assert.equal(tried.filter(({ status }) => status === "fulfilled").length, 1);
  for (const each of tried) {
    if (each.status === "rejected") assert.equal(each.reason.code, "conflict");
  }
});

test("what is no touch is asked for again, and nothing is left where none comes", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  const conversation = answers("123456", "", key.touch(), ` ${key.privateId}`, key.aesKey);
  await host.root.enrollYubikey("alice", false, conversation);
  assert.deepEqual(conversation.prompts.slice(0, 3), [TOUCH, TOUCH, TOUCH]);
  const failing: readonly (readonly [Heard, RegExp])[] = [
    [answers("1", "2", "3"), /nothing of a YubiKey came/],
    [answers(), /cancelled/],
    [answers(new SoftwareYubikey().touch()), /cancelled/],
    [answers(new SoftwareYubikey().touch(), "12"), /private id is not 12/],
    [answers(new SoftwareYubikey().touch(), "0".repeat(12), "z".repeat(32)), /AES key is not 32/],
    [answers(new SoftwareYubikey().touch(), "0".repeat(12), "0".repeat(32)), /does not fit/],
  ];
  for (const [heard, message] of failing) {
    const tried = host.root.enrollYubikey("bob", false, heard);
    await assert.rejects(tried, { code: "refused", message });
  }
  assert.deepEqual(await serialsOf(host, "bob"), []);
});

test("whoever has something is asked for a code of it first; a touch is one", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const alice = host.as(person("alice"));
  const [key, spare] = [new SoftwareYubikey(), new SoftwareYubikey()];
  const add = (each: SoftwareYubikey, code: string) =>
    alice.enrollYubikey("alice", false, answers(code, each.touch(), each.privateId, each.aesKey));
  await assert.rejects(add(key, "000000"), { code: "refused" });
  assert.deepEqual(await serialsOf(host), [""]);
  assert.deepEqual((await add(key, phone.code())).backupCodes, []);
  await add(spare, key.touch());
  assert.equal(await verify(host, spare.touch()), "accept");
  const bob = host.as(person("bob"));
  const foreign = bob.enrollYubikey("alice", false, answers(key.touch()));
  await assert.rejects(foreign, { code: "not-permitted" });
});

test("who has nothing is asked for an invitation where the policy wants one", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "invite" } });
  const alice = host.as(person("alice"));
  const key = new SoftwareYubikey();
  const add = (code: string) =>
    alice.enrollYubikey("alice", false, answers(code, key.touch(), key.privateId, key.aesKey));
  await assert.rejects(add("wrong"), { code: "refused", message: /takes an invitation/ });
  const { id, code } = await host.root.createInvitation("alice", {});
  await add(code);
  const confirmed = (await host.audit()).findLast(({ action }) => action === "enroll-confirm");
  assert.equal(confirmed?.detail, `serial=${key.publicId} invitation ${id}`);
  assert.equal(await verify(host, key.touch()), "accept");
});

test("a disabled user, a policy that is off, a method that is off", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  await enroll(host, key);
  await host.root.disableUser("alice");
  assert.equal(await verify(host, key.touch()), "reject disabled");
  await assert.rejects(enroll(host, new SoftwareYubikey()), { code: "refused" });
  await host.root.enableUser("alice");
  assert.equal(await verify(host, key.touch()), "accept");

  const off = host.with({ methods: host.parts.methods.filter(({ name }) => name !== "yubikey") });
  const { verdict } = await off.verify("alice", {}, answers(key.touch()));
  assert.equal(verdict, "reject");
  const enrolling = off.enrollYubikey("bob", false, answers());
  await assert.rejects(enrolling, { code: "usage", message: "yubikey is off" });
});

test("no secret of a key is in the store, the log, or what is said", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  const otp = key.touch();
  const conversation = answers(otp, key.privateId, key.aesKey);
  const enrolled = await host.root.enrollYubikey("alice", false, conversation);
  const touched = key.touch();
  await verify(host, touched);
  const kept = await host.parts.store.read(async (view) =>
    view.authenticators.all("alice", "yubikey"),
  );
  const sealed = Buffer.from(kept[0]?.sealedSecret ?? []).toString("hex");
  const told = JSON.stringify([await host.audit(), conversation.said, enrolled, sealed]);
  for (const secret of [key.aesKey, key.privateId, otp, touched]) {
    assert.equal(told.includes(secret), false);
  }
  assert.equal(
    await host.parts.store
      .read((view) => view.authenticators.tally())
      .then((all) => all.get("yubikey")),
    1,
  );
});

test("a key that is reset is in the inventory again, and what it typed before stays spent", async (t) => {
  const host = makeHost(t);
  const key = new SoftwareYubikey();
  await enroll(host, key);
  const otp = key.touch();
  assert.equal(await verify(host, otp), "accept");
  assert.equal((await host.root.reset("alice", undefined, answers())).tokens, 1);
  const none = { algorithm: undefined, digits: undefined, period: undefined };
  const listed = { ...none, method: "yubikey", serial: key.publicId, secret: key.secret } as const;
  const { outcome } = await bring(host.root, [entry("alice", listed)]);
  assert.equal(outcome.authenticators, 0);
  const touched = (typed: string) => host.root.enrollYubikey("alice", false, answers(typed));
  await assert.rejects(touched(otp), { message: /was used before/ });
  assert.equal((await touched(key.touch())).judged, "here");
  // Whoever typed its secrets in may have made them up: not for others to meet with.
  const spare = new SoftwareYubikey();
  await enroll(host, spare);
  await host.as(person("alice")).reset("alice", "yubikey", answers(spare.touch()), key.publicId);
  assert.deepEqual(await serialsOf(host), [spare.publicId]);
  const kept = await host.parts.store.read((view) => view.tokens.find("yubikey", key.publicId));
  assert.equal(kept, undefined);
});
