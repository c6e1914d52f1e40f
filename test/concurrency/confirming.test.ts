/** One enrollment confirmed a hundred times at once: one set of backup codes, and it works. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Confirmation } from "../../src/contracts/service.ts";
import { answers } from "../engine/conversations.ts";
import { begin, makeArena, race } from "./race.ts";

test("one confirmation wins, and the codes it hands out are the ones that work", async (t) => {
  const arena = await makeArena(t);
  const phone = await begin(arena, "alice");
  const code = phone.code();
  const outcomes = await race<Confirmation>(arena, "confirm", "alice", code);
  assert.equal(outcomes.length, 100);
  const won = outcomes.filter((outcome) => outcome.status === "active");
  assert.equal(won.length, 1);
  assert.equal(outcomes.filter(({ status }) => status === "not-begun").length, 99);

  const verify = (answer: string) => arena.service.verify("alice", {}, answers(answer));
  assert.equal((await verify(code)).reason, "replayed", "the set-up code is spent");
  for (const backupCode of won[0]?.backupCodes ?? []) {
    assert.equal((await verify(backupCode)).verdict, "accept");
  }
  assert.equal((await arena.service.backupCodeStatus("alice")).left, 0);
  const events = await Array.fromAsync(arena.service.listAudit({}));
  const confirmed = events.filter(({ action }) => action === "enroll-confirm");
  assert.deepEqual(
    confirmed.map(({ verdict }) => verdict),
    ["accept"],
  );
});
