/** A broken world ends in unavailable, and never in acceptance. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Store } from "../../src/contracts/store.ts";
import { Fault } from "../../src/core/fault.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { fault } from "../files/sandbox.ts";
import { answers, silence } from "./conversations.ts";
import { type Host, makeHost } from "./host.ts";

/** Does all the work, and then fails to commit it. */
function uncommitting(store: Store): Store {
  return {
    transact: (work) =>
      store.transact(async (tx) => {
        await work(tx);
        throw new Fault("store-unwritable", "the store's disk is full");
      }),
    read: (work) => store.read(work),
    close: () => store.close(),
  };
}

/** Changes the store's file from outside. */
function tamper(host: Host, sql: string): void {
  const database = new DatabaseSync(host.path);
  database.exec(sql);
  database.close();
}

test("what could not be committed is not accepted, and is not spent either", async (t) => {
  const host = makeHost(t, { policy: { unenrolled: "allow" } });
  const { phone, backupCodes } = await host.enroll("alice");
  const full = host.with({ store: uncommitting(host.parts.store) });
  const code = phone.code();
  for (const [user, answer] of [
    ["alice", code],
    ["alice", backupCodes[0] ?? ""],
    ["alice", "nonsense"],
    ["nobody", code],
  ] as const) {
    const outcome = await full.verify(user, {}, answers(answer));
    assert.deepEqual([outcome.verdict, outcome.reason], ["unavailable", "store"]);
    assert.equal(outcome.fault?.code, "store-unwritable");
  }
  assert.equal((await full.verify("alice", {}, answers())).verdict, "unavailable");
  assert.equal((await host.verify("alice", code)).verdict, "accept");
});

test("an enrollment that could not be committed hands out nothing", async (t) => {
  const host = makeHost(t);
  const full = host.with({ store: uncommitting(host.parts.store) });
  const options = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
  await assert.rejects(full.beginEnrollment("bob", options, silence), fault("store-unwritable"));
  assert.deepEqual(await host.audit(), []);
});

test("a store that is closed is unavailable", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  await host.parts.store.close();
  for (const answer of [phone.code(), "00000-00000"]) {
    assert.equal((await host.verify("alice", answer)).verdict, "unavailable");
  }
});

test("a secret sealed for one user opens for no other", async (t) => {
  const host = makeHost(t);
  const mallory = await host.enroll("mallory");
  await host.enroll("alice");
  tamper(
    host,
    `UPDATE authenticators SET sealed_secret =
       (SELECT sealed_secret FROM authenticators WHERE account = 'mallory')
     WHERE account = 'alice'`,
  );
  const { verdict, reason, fault: broken } = await host.verify("alice", mallory.phone.code());
  assert.deepEqual([verdict, reason, broken?.code], ["unavailable", "key", "sealed-corrupt"]);
});

test("a row given to another user, or swapped with theirs, does not open", async (t) => {
  const host = makeHost(t);
  const mallory = await host.enroll("mallory");
  await host.enroll("alice");
  tamper(
    host,
    `DELETE FROM authenticators WHERE account = 'alice';
     UPDATE authenticators SET account = 'alice' WHERE account = 'mallory'`,
  );
  assert.equal((await host.verify("alice", mallory.phone.code())).verdict, "unavailable");
});

test("an old secret of the same user put back into a new row does not open", async (t) => {
  const host = makeHost(t);
  const old = await host.enroll("alice");
  const sealed = await host.parts.store.read(
    async (view) => (await view.authenticators.find("alice", "totp", "active"))?.sealedSecret,
  );
  await host.enroll("alice");
  const hex = Buffer.from(sealed ?? []).toString("hex");
  tamper(host, `UPDATE authenticators SET sealed_secret = x'${hex}'`);
  assert.equal((await host.verify("alice", old.phone.code())).verdict, "unavailable");
});

test("what does not open is recorded once, and holds nobody else up", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const bob = await host.enroll("bob");
  tamper(host, "UPDATE authenticators SET sealed_secret = x'00' WHERE account = 'alice'");
  const events = await host.eventsOf(() => host.verify("alice", phone.code()));
  assert.deepEqual(
    events.map(({ action, verdict, reason, service }) => [action, verdict, reason, service]),
    [["verify", "unavailable", "key", "sshd"]],
  );
  assert.equal((await host.verify("bob", bob.phone.code())).verdict, "accept");
});

test("under another master key nothing opens, and nothing is accepted", async (t) => {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const other = host.with({ sealer: createSealer(Buffer.alloc(32, 1)) });
  const outcome = await other.verify("alice", {}, answers(phone.code()));
  assert.deepEqual([outcome.verdict, outcome.reason], ["unavailable", "key"]);
});

test("a cost no set was made with is not computed", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  for (const cost of ["cost_n = 3", "cost_n = 1073741824", "cost_r = 0", "cost_p = 100000"]) {
    tamper(host, `UPDATE backup_code_sets SET cost_n = 16, cost_r = 1, cost_p = 1, ${cost}`);
    const before = performance.now();
    const { verdict } = await host.verify("alice", backupCodes[0] ?? "");
    assert.equal(verdict, "unavailable", cost);
    assert.ok(performance.now() - before < 5_000);
  }
});

test("an event changed, removed or added behind our back is found", async (t) => {
  for (const [sql, found] of [
    ["UPDATE audit SET verdict = 'accept' WHERE sequence = 4", { sequence: 4, fault: "altered" }],
    ["UPDATE audit SET at = at + 1 WHERE sequence = 1", { sequence: 1, fault: "altered" }],
    ["DELETE FROM audit WHERE sequence = 3", { sequence: 3, fault: "missing" }],
    ["DELETE FROM audit WHERE sequence < 3", { sequence: 1, fault: "missing" }],
    ["UPDATE audit SET sequence = 99 WHERE sequence = 5", { sequence: 5, fault: "missing" }],
  ] as const) {
    const host = makeHost(t);
    await host.enroll("alice");
    await host.fail("alice", "", 3);
    tamper(host, sql);
    assert.deepEqual(await host.root.verifyAudit(), { intact: false, ...found }, sql);
  }
});
