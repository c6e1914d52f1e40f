/** Backup codes: each opens once, and a new set kills the old one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBackupCode } from "../../src/core/backup-code.ts";
import { DEFAULT_COST } from "../../src/keys/slow-hash.ts";
import { fault } from "../files/sandbox.ts";
import { silence } from "./conversations.ts";
import { makeHost } from "./host.ts";

test("each of the ten is accepted once, as it was printed", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  for (const [index, code] of backupCodes.entries()) {
    const { verdict, method } = await host.verify("alice", formatBackupCode(code));
    assert.deepEqual([verdict, method], ["accept", "backup-code"]);
    assert.equal((await host.root.backupCodeStatus("alice")).left, 9 - index);
  }
  for (const code of backupCodes.slice(0, 3)) {
    const { verdict, reason } = await host.verify("alice", code);
    assert.deepEqual([verdict, reason], ["reject", "replayed"]);
  }
});

test("a code nobody was given is wrong", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  const first = backupCodes[0] ?? "";
  const other = first.slice(0, 9) + (first.endsWith("0") ? "1" : "0");
  assert.equal((await host.verify("alice", other)).reason, "wrong-code");
  assert.equal((await host.verify("alice", first)).verdict, "accept");
});

test("a new set kills the old one", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  const fresh = await host.root.generateBackupCodes("alice", silence);
  assert.equal(new Set([...fresh, ...backupCodes]).size, 20);
  assert.equal((await host.verify("alice", backupCodes[0] ?? "")).verdict, "reject");
  assert.equal((await host.verify("alice", fresh[0] ?? "")).verdict, "accept");
  assert.deepEqual(await host.root.backupCodeStatus("alice"), {
    ...{ user: "alice", left: 9, createdAt: host.clock.now() },
  });
});

test("revoked, none is accepted, and the authenticator still is", async (t) => {
  const host = makeHost(t);
  const { phone, backupCodes } = await host.enroll("alice");
  await host.verify("alice", backupCodes[0] ?? "");
  assert.equal(await host.root.revokeBackupCodes("alice", silence), 9);
  assert.equal(await host.root.revokeBackupCodes("alice", silence), 0);
  assert.equal((await host.verify("alice", backupCodes[1] ?? "")).verdict, "reject");
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
});

test("without an authenticator there is nothing to back up", async (t) => {
  const host = makeHost(t);
  await assert.rejects(host.root.generateBackupCodes("alice", silence), fault("conflict"));
  assert.equal((await host.root.backupCodeStatus("alice")).left, 0);
  assert.deepEqual(await host.audit(), []);
});

test("two users' sets are apart, and salted apart", async (t) => {
  const host = makeHost(t);
  const alice = await host.enroll("alice");
  await host.enroll("bob");
  assert.equal((await host.verify("bob", alice.backupCodes[0] ?? "")).verdict, "reject");
  const salts = await host.parts.store.read(async ({ backupCodes }) =>
    Promise.all(["alice", "bob"].map(async (user) => (await backupCodes.find(user))?.salt)),
  );
  assert.notDeepEqual(salts[0], salts[1]);
});

test("at the real cost it works, and one attempt takes one hash", async (t) => {
  const hashed: number[] = [];
  const host = makeHost(t, { scryptCost: DEFAULT_COST });
  const { slowHash } = host.parts;
  const { backupCodes } = await host.enroll("alice");
  const root = host.with({
    slowHash: (text, salt, cost) => {
      hashed.push(cost.N);
      return slowHash(text, salt, cost);
    },
  });
  const { verdict } = await root.verify(
    "alice",
    {},
    { ...silence, promptSecret: async () => ({ kind: "text", text: backupCodes[0] ?? "" }) },
  );
  assert.equal(verdict, "accept");
  assert.deepEqual(hashed, [DEFAULT_COST.N]);
});

test("a set made at another cost goes on working after the cost was raised", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  const raised = host.with({ scryptCost: { N: 4, r: 2, p: 1 } });
  const conversation = {
    ...silence,
    promptSecret: async () => ({ kind: "text" as const, text: backupCodes[0] ?? "" }),
  };
  assert.equal((await raised.verify("alice", {}, conversation)).verdict, "accept");
});
