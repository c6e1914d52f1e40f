/** A hundred submissions of one code from ten processes: exactly one is accepted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answers } from "../engine/conversations.ts";
import { SoftwareYubikey } from "../support/yubikey.ts";
import { enroll, enrollCounting, makeArena, race } from "./race.ts";

interface Outcome {
  readonly verdict: string;
  readonly reason?: string;
}

function count(outcomes: readonly Outcome[], verdict: string): number {
  return outcomes.filter((outcome) => outcome.verdict === verdict).length;
}

// pam_google_authenticator accepted one code up to 12 times under 16 parallel logins.
test("one time-based code, a hundred times at once: one accept", async (t) => {
  const arena = await makeArena(t);
  const { phone } = await enroll(arena, "alice");
  const outcomes = await race<Outcome>(arena, "verify", "alice", phone.code());
  assert.equal(outcomes.length, 100);
  assert.equal(count(outcomes, "accept"), 1);
  assert.equal(count(outcomes, "reject") + count(outcomes, "throttled"), 99);
  const accepted = await acceptedIn(arena);
  assert.equal(accepted, 1, "and one in the log");
});

test("one code of a token, a hundred times at once: one accept", async (t) => {
  const arena = await makeArena(t);
  const token = await enrollCounting(arena, "alice");
  const outcomes = await race<Outcome>(arena, "verify", "alice", token.press());
  assert.equal(count(outcomes, "accept"), 1);
  assert.equal(count(outcomes, "reject") + count(outcomes, "throttled"), 99);
  assert.equal(await acceptedIn(arena), 1);
});

test("one touch of a YubiKey, a hundred times at once: one accept", async (t) => {
  const arena = await makeArena(t);
  const key = new SoftwareYubikey();
  const secrets = answers(key.touch(), key.privateId, key.aesKey);
  await arena.service.enrollYubikey("alice", false, secrets);
  const outcomes = await race<Outcome>(arena, "verify", "alice", key.touch());
  assert.equal(count(outcomes, "accept"), 1);
  assert.equal(count(outcomes, "reject") + count(outcomes, "throttled"), 99);
  assert.equal(await acceptedIn(arena), 1);
});

test("one backup code, a hundred times at once: one accept", async (t) => {
  const arena = await makeArena(t);
  const { backupCodes } = await enroll(arena, "alice");
  const outcomes = await race<Outcome>(arena, "verify", "alice", backupCodes[0] ?? "");
  assert.equal(count(outcomes, "accept"), 1);
  assert.equal(count(outcomes, "reject") + count(outcomes, "throttled"), 99);
  assert.equal((await arena.service.backupCodeStatus("alice")).left, 9);
  assert.equal(await acceptedIn(arena), 1);
});

async function acceptedIn({ service }: Awaited<ReturnType<typeof makeArena>>): Promise<number> {
  const events = await Array.fromAsync(service.listAudit({}));
  assert.equal(events.filter(({ service: name }) => name === "race").length, 100);
  assert.equal((await service.verifyAudit()).intact, true, "ten processes wrote one chain");
  return events.filter(({ action, verdict }) => action === "verify" && verdict === "accept").length;
}
