/** Guessing in parallel, or without pause, is no faster: the throttle's limit are judged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_THROTTLE } from "../../src/core/throttle.ts";
import { answers } from "../engine/conversations.ts";
import { type Arena, enroll, makeArena, race } from "./race.ts";

async function reasonsIn({ service }: Arena): Promise<Map<string | null, number>> {
  const events = await Array.fromAsync(service.listAudit({ user: "alice" }));
  const reasons = new Map<string | null, number>();
  for (const { action, reason } of events) {
    if (action === "verify") reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

/** How many attempts the delays leave time for, in that many milliseconds. */
function admittedWithin(milliseconds: number): number {
  const { freeFailures, firstDelay } = DEFAULT_THROTTLE;
  let admitted = freeFailures;
  for (let [delay, at] = [firstDelay, firstDelay]; at <= milliseconds; at += delay) {
    admitted++;
    delay *= 2;
  }
  return admitted;
}

// Keycloak, GHSA-85v8: no limit on parallel tries.
for (const [what, wrong] of [
  ["one-time passwords", undefined],
  ["backup codes", "00000-00000"],
] as const) {
  test(`a hundred wrong ${what} from ten processes: the limit are judged, the rest unread`, async (t) => {
    const arena = await makeArena(t);
    const { phone } = await enroll(arena, "alice");
    const before = Date.now();
    await race(arena, "verify", "alice", wrong ?? phone.wrongCode());
    const reasons = await reasonsIn(arena);
    const judged = reasons.get("wrong-code") ?? 0;
    assert.ok(judged >= DEFAULT_THROTTLE.freeFailures);
    assert.ok(judged <= admittedWithin(Date.now() - before), `${judged} were judged`);
    assert.equal(reasons.get("too-many-failures"), 100 - judged);
  });
}

// sshd, CVE-2015-5600: one connection, many tries.
test("a thousand tries in one process: the limit are judged", async (t) => {
  const arena = await makeArena(t);
  const { phone } = await enroll(arena, "alice");
  const wrong = phone.wrongCode();
  const before = Date.now();
  const tries = Array.from({ length: 1_000 }, () =>
    arena.service.verify("alice", {}, answers(wrong)),
  );
  const outcomes = await Promise.all(tries);
  const judged = outcomes.filter(({ verdict }) => verdict === "reject").length;
  assert.ok(judged >= DEFAULT_THROTTLE.freeFailures);
  assert.ok(judged <= admittedWithin(Date.now() - before), `${judged} were judged`);
  const throttled = outcomes.filter(({ verdict }) => verdict === "throttled").length;
  assert.equal(throttled, 1_000 - judged);
  const reasons = await reasonsIn(arena);
  assert.equal(reasons.get("wrong-code"), judged);
});
