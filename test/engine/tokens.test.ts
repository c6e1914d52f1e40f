/** Hardware tokens: kept by serial number until one shows by its codes in whose hand it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "../../src/core/fault.ts";
import { codeAt, timeStepAt } from "../../src/core/totp.ts";
import { fault } from "../files/sandbox.ts";
import { answers, replies, silence } from "./conversations.ts";
import { type Host, MINUTE, makeHost, person, START } from "./host.ts";
import type { Token } from "./token.ts";

const A1 = { method: "hotp", serial: "A1" };

function give(host: Host, ...codes: string[]) {
  return host.root.enrollToken("alice", A1, answers(...codes));
}

const inventory = async (host: Host) =>
  (await Array.fromAsync(host.root.listTokens())).map(
    ({ method, serial }) => `${method} ${serial}`,
  );

test("its code makes it the user's: out of the inventory, with backup codes for who has none", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("A1");
  const code = token.press();
  const events = await host.eventsOf(async () => {
    const { backupCodes = [], ...told } = await give(host, code);
    assert.deepEqual(told, { verdict: "accept", user: "alice", ...A1 });
    assert.equal(new Set(backupCodes).size, 10);
    assert.equal((await host.verify("alice", backupCodes[0] ?? "")).verdict, "accept");
  });
  const [{ action, user, verdict, method, detail } = {}] = events;
  assert.deepEqual(
    [action, user, verdict, method, detail],
    ["enroll-confirm", "alice", "accept", "hotp", "serial=A1"],
  );
  assert.deepEqual(await inventory(host), []);
  const [shown] = (await host.root.showUser("alice")).methods;
  assert.deepEqual([shown?.method, shown?.serial, shown?.status], ["hotp", "A1", "active"]);
  assert.equal((await host.verify("alice", code)).reason, "replayed", "it is spent");
  assert.equal((await host.verify("alice", token.press())).verdict, "accept");
});

test("beside what they have: that works on, and so do their backup codes", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  const token = await host.stock("A1", { lastCounter: 499 });
  const given = await give(host, token.press());
  assert.deepEqual([given.verdict, given.backupCodes], ["accept", []]);
  for (const code of [phone.code(), token.press(), backupCodes[0] ?? ""]) {
    assert.equal((await host.verify("alice", code)).verdict, "accept");
  }
});

test("one that ran ahead takes its next code as well; a slip of the pen is forgiven", async (t) => {
  for (const typed of [
    (token: Token) => [token.press(), token.press()],
    (token: Token) => [token.wrongCode(), token.press(), token.press()],
    (token: Token) => ["12345", token.press(), token.press()],
  ]) {
    const host = makeHost(t);
    const token = await host.stock("A1");
    token.skip(50);
    const conversation = answers(...typed(token));
    const given = await host.root.enrollToken("alice", A1, conversation);
    assert.equal(given.verdict, "accept");
    assert.equal((await host.verify("alice", token.press())).verdict, "accept");
    assert.ok(conversation.said.every((line) => !/[0-9]{6}/.test(line)));
  }
});

test("codes that are not its own: three are asked for, each counted, and it stays where it is", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("A1");
  const other = await host.stock("B2");
  const conversation = answers(other.press(), other.press(), other.press(), token.press());
  const events = await host.eventsOf(async () => {
    const { verdict, reason } = await host.root.enrollToken("alice", A1, conversation);
    assert.deepEqual([verdict, reason], ["reject", "wrong-code"]);
  });
  assert.equal(conversation.prompts.length, 3);
  assert.deepEqual(
    events.map(({ action, verdict, detail }) => [action, verdict, detail]),
    Array(3).fill(["enroll-confirm", "reject", "serial=A1"]),
  );
  assert.deepEqual(await inventory(host), ["hotp A1", "hotp B2"]);
  const { verdict } = await give(host, other.press(), other.press(), token.press());
  assert.equal(verdict, "throttled", "three and two are five");
  assert.equal((await host.verify("alice", token.press())).verdict, "throttled", "one counter");
  host.clock.advance(2_000);
  assert.equal((await give(host, token.press())).verdict, "accept");
});

test("used codes of a token that was in use elsewhere are no proof", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("A1", { lastCounter: 20 });
  const { verdict } = await give(host, token.at(18), token.at(19), token.at(20));
  assert.equal(verdict, "reject");
});

test("who guesses serial numbers learns nothing; root is told", async (t) => {
  const host = makeHost(t);
  await host.stock("A1");
  const self = host.as(person("alice"));
  const guess = async (serial: string) => {
    const conversation = answers("000000", "000000", "000000");
    const told = await self.enrollToken("alice", { method: "hotp", serial }, conversation);
    await host.root.unlockUser("alice");
    return { ...told, serial: "", heard: [conversation.prompts, conversation.said] };
  };
  const [there, elsewhere, nowhere] = [await guess("A1"), await guess("A2"), await guess("")];
  assert.deepEqual(there.verdict, "reject");
  assert.equal("reason" in there, false);
  assert.deepEqual(elsewhere, there);
  assert.deepEqual(nowhere, there);
  for (const choice of [
    { method: "hotp", serial: "A2" },
    { method: "totp", serial: "A1" },
  ]) {
    await assert.rejects(host.root.enrollToken("alice", choice, silence), fault("not-found"));
  }
});

test("root is told which method has the serial number that was asked for", async (t) => {
  const host = makeHost(t);
  await host.stock("A1");
  const asked = host.root.enrollToken("alice", { method: "totp", serial: "A1" }, silence);
  await assert.rejects(asked, (error) => {
    assert.ok(fault("not-found", /no totp token A1/)(error));
    assert.match((error as Fault).hint ?? "", /--method hotp$/);
    return true;
  });
});

test("who cancels is told that, and nothing of codes", async (t) => {
  const host = makeHost(t);
  await host.stock("A1");
  const self = host.as(person("alice"));
  const { verdict, reason } = await self.enrollToken("alice", A1, replies({ kind: "cancelled" }));
  assert.deepEqual([verdict, reason], ["reject", "cancelled"]);
});

test("users take theirs themselves, with a code of what they have", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const token = await host.stock("A1");
  const self = host.as(person("alice"));
  const without = self.enrollToken("alice", A1, answers(token.press(), token.press()));
  await assert.rejects(without, fault("refused"));
  const { verdict } = await self.enrollToken("alice", A1, answers(phone.code(), token.press()));
  assert.equal(verdict, "accept");
});

test("one token, two users at once: one gets it, and the other's store is as it was", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("A1");
  const code = token.press();
  const both = await Promise.all(
    ["alice", "bob"].map((user) => host.root.enrollToken(user, A1, answers(code))),
  );
  assert.equal(both.filter(({ verdict }) => verdict === "accept").length, 1);
  const loser = both[0]?.verdict === "accept" ? "bob" : "alice";
  assert.equal((await host.verify(loser, token.press())).verdict, "unenrolled");
});

test("a disabled user is given none; cancelled, nothing is counted", async (t) => {
  const host = makeHost(t, { groupsOf: async () => new Set() });
  const token = await host.stock("A1");
  for (const kind of ["cancelled", "end-of-input", "timed-out"] as const) {
    const { verdict, reason } = await host.root.enrollToken("alice", A1, replies({ kind }));
    assert.deepEqual([verdict, reason], ["reject", kind]);
  }
  await host.root.disableUser("alice");
  await assert.rejects(give(host, token.press()), fault("refused"));
  assert.deepEqual(await inventory(host), ["hotp A1"]);
});

test("there is nothing to give of a method that has no tokens, or is off", async (t) => {
  const host = makeHost(t);
  for (const method of ["", "backup-code", "duo-push", "yubikey"]) {
    const given = host.root.enrollToken("alice", { method, serial: "A1" }, silence);
    await assert.rejects(given, fault("usage"));
  }
  await host.stock("A1");
  const off = host.with({ methods: host.parts.methods.filter(({ name }) => name !== "hotp") });
  await assert.rejects(off.enrollToken("alice", A1, silence), fault("usage"));
});

/** A clock of its own, so many steps ahead of the host's. */
function clockToken(host: Host, token: Token, ahead: number) {
  return () => codeAt(token.secret, timeStepAt(host.clock.now(), 60) + ahead, SIX);
}

const SIX = { algorithm: "sha1", digits: 6 } as const;
const CLOCK = { method: "totp", serial: "C3" };

test("a token with a clock is given by a code, and is judged by its own clock then", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("C3", { method: "totp", period: 60, skew: 7 });
  const code = clockToken(host, token, 7);
  const given = await host.root.enrollToken("alice", CLOCK, answers(code()));
  assert.equal(given.verdict, "accept");
  assert.equal((await host.verify("alice", code())).reason, "replayed");
  host.clock.advance(MINUTE);
  assert.equal((await host.verify("alice", code())).verdict, "accept");
});

test("a token whose clock is off is given by two codes in a row, which tell by how much", async (t) => {
  for (const ahead of [-55, -2, 2, 40]) {
    const host = makeHost(t);
    const token = await host.stock("C3", { method: "totp", period: 60 });
    const code = clockToken(host, token, ahead);
    const first = code();
    host.clock.advance(MINUTE);
    const given = await host.root.enrollToken("alice", CLOCK, answers(first, code()));
    assert.equal(given.verdict, "accept", `${ahead} steps ahead`);
    host.clock.advance(MINUTE);
    assert.equal((await host.verify("alice", code())).verdict, "accept");
    host.clock.advance(10 * MINUTE);
    assert.equal((await host.verify("alice", code())).verdict, "accept");
  }
});

test("a clock that went off later is learned by root, an hour to either side, and not by users", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("C3", { method: "totp", period: 60 });
  await host.root.enrollToken("alice", CLOCK, answers(clockToken(host, token, 0)()));
  host.clock.set(START + 600 * MINUTE);
  const pairOf = (ahead: number) => {
    const code = clockToken(host, token, ahead);
    const first = code();
    host.clock.advance(MINUTE);
    return answers(first, code());
  };
  const self = host.as(person("alice"));
  await assert.rejects(self.resynchronize("alice", CLOCK, silence), fault("not-permitted"));
  for (const ahead of [-62, 61]) {
    const { verdict } = await host.root.resynchronize("alice", CLOCK, pairOf(ahead));
    assert.equal(verdict, "reject", `${ahead} minutes`);
  }
  for (const ahead of [20, 60, 3]) {
    host.clock.advance(100 * MINUTE);
    const { verdict } = await host.root.resynchronize("alice", CLOCK, pairOf(ahead));
    assert.equal(verdict, "accept", `${ahead} minutes`);
    assert.equal((await host.verify("alice", clockToken(host, token, ahead)())).reason, "replayed");
    host.clock.advance(MINUTE);
    assert.equal((await host.verify("alice", clockToken(host, token, ahead)())).verdict, "accept");
  }
});

test("of several tokens the one of the serial number is moved, or the one that the codes are of", async (t) => {
  const host = makeHost(t);
  const [one, other] = [await host.stock("A1"), await host.stock("B2")];
  await give(host, one.press());
  await host.root.enrollToken("alice", { method: "hotp", serial: "B2" }, answers(other.press()));
  other.skip(30);
  const pair = [other.press(), other.press()];
  const asOne = await host.root.resynchronize("alice", A1, answers(...pair));
  assert.equal(asOne.verdict, "reject");
  const asAny = await host.root.resynchronize("alice", { method: "hotp" }, answers(...pair));
  assert.deepEqual([asAny.verdict, asAny.serial], ["accept", "B2"]);
  assert.equal((await host.verify("alice", one.press())).verdict, "accept");
});

test("the inventory is listed in order, and one is removed for good", async (t) => {
  const host = makeHost(t);
  for (const serial of ["B2", "A1"]) await host.stock(serial);
  await host.stock("A1", { method: "totp", period: 30 });
  const all = await Array.fromAsync(host.root.listTokens());
  assert.deepEqual(all[0], {
    ...{ ...A1, algorithm: "sha1", digits: 6, period: undefined, addedAt: START },
  });
  assert.deepEqual(await inventory(host), ["hotp A1", "hotp B2", "totp A1"]);
  await assert.rejects(host.root.removeToken("A1"), fault("conflict"));
  await assert.rejects(host.root.removeToken("Z9"), fault("not-found"));
  const events = await host.eventsOf(async () => {
    await host.root.removeToken("A1", "totp");
    await host.root.removeToken("B2");
  });
  assert.deepEqual(
    events.map(({ action, method, detail }) => [action, method, detail]),
    [
      ["token-remove", "totp", "serial=A1"],
      ["token-remove", "hotp", "serial=B2"],
    ],
  );
  assert.deepEqual(await inventory(host), ["hotp A1"]);
});

test("an inventory of many pages is listed whole", async (t) => {
  const host = makeHost(t);
  await host.parts.store.transact(async (tx) => {
    for (let n = 0; n < 1001; n++) {
      const serial = `${n}`.padStart(4, "0");
      const kept = { algorithm: "sha1", digits: 6, period: undefined } as const;
      const token = { method: "hotp", serial, sealedSecret: Buffer.of(1), ...kept };
      await tx.tokens.add({ ...token, skew: 0, lastCounter: -1 }, START);
    }
  });
  assert.equal(new Set(await inventory(host)).size, 1001);
});

test("an empty serial number removes no app", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await assert.rejects(host.root.reset("alice", undefined, silence, ""), fault("usage"));
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("a token that is reset is in the inventory again, and what was spent stays spent", async (t) => {
  const host = makeHost(t);
  const token = await host.stock("A1");
  const seen = [token.press(), token.press(), token.press()];
  await give(host, seen[0] ?? "");
  for (const code of seen.slice(1)) {
    assert.equal((await host.verify("alice", code)).verdict, "accept");
  }
  const { authenticators, tokens } = await host.root.reset("alice", undefined, silence);
  assert.deepEqual([authenticators, tokens, await inventory(host)], [1, 1, ["hotp A1"]]);

  const take = (...codes: string[]) => host.root.enrollToken("bob", A1, answers(...codes));
  assert.equal((await take(seen[0] ?? "", seen[1] ?? "", seen[2] ?? "")).verdict, "reject");
  assert.equal((await take(token.press())).verdict, "accept");
  for (const code of seen) assert.equal((await host.verify("bob", code)).verdict, "reject");
  assert.equal((await host.verify("bob", token.press())).verdict, "accept");
});

test("what is no token is not given to others: an app that is reset is gone", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const outcome = await host.root.reset("alice", undefined, silence);
  assert.deepEqual(outcome, { user: "alice", authenticators: 1, backupCodes: 10 });
  assert.deepEqual(await inventory(host), []);
});

test("a serial number with spaces is one word of the log", async (t) => {
  const host = makeHost(t);
  const serial = "A1 role=helpdesk";
  const events = await host.eventsOf(() =>
    host
      .as(person("alice"))
      .enrollToken("alice", { method: "hotp", serial }, answers("123456", "123456", "123456")),
  );
  const details = events.map(({ detail }) => detail);
  assert.ok(details.length > 0);
  for (const detail of details) assert.match(detail ?? "", /^serial="A1 role=helpdesk"/);
});
