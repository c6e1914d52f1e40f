/** Rows that somebody who can write to the store has made, without holding its key. */
import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import { test } from "node:test";
import { answers } from "./conversations.ts";
import { makeHost } from "./host.ts";

const CODE = "ABCDEFGHJK";

test("a planted backup code lets nobody in", async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const salt = Buffer.alloc(16, 7);
  const cost = { N: 16, r: 1, p: 1 };
  const hash = scryptSync(CODE, salt, 32, cost);
  await host.parts.store.transact((tx) =>
    tx.backupCodes.replace("alice", { salt, cost, hashes: [hash] }, host.parts.clock.now()),
  );
  const outcome = await host.root.verify("alice", {}, answers(CODE));
  assert.equal(outcome.verdict, "reject");
});

test("a backup code that was moved to another user lets nobody in", async (t) => {
  const host = makeHost(t);
  const { backupCodes } = await host.enroll("alice");
  await host.enroll("bob");
  const set = await host.parts.store.read((view) => view.backupCodes.find("alice"));
  assert.ok(set);
  const bound = await host.parts.slowHash(backupCodes[0] ?? "", set.salt, set.cost);
  const own = host.parts.sealer.bind(bound, {
    table: "backup_codes",
    column: "hash",
    row: ["alice"],
  });
  const { salt, cost } = set;
  await host.parts.store.transact((tx) =>
    tx.backupCodes.replace("bob", { salt, cost, hashes: [own] }, host.parts.clock.now()),
  );
  const moved = await host.root.verify("bob", {}, answers(backupCodes[0] ?? ""));
  assert.equal(moved.verdict, "reject");
  const right = await host.root.verify("alice", {}, answers(backupCodes[0] ?? ""));
  assert.equal(right.verdict, "accept");
});
