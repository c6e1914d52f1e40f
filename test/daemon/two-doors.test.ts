/** One code at one moment through the daemon and past it, in processes that open the store too. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { VerifyOutcome } from "../../src/contracts/service.ts";
import { type Arena, enroll, makeArena, race } from "../concurrency/race.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { activated } from "./activated.ts";
import { Daemon } from "./daemon.ts";
import { OPENING, Peer, PROMPTED } from "./peer.ts";

const parts = needs("root", "python3");
const CONNECTIONS = 100;

/** A daemon at a socket of its own, so that commands in this home do not find it. */
async function daemonBeside(t: TestContext, { home }: Arena): Promise<string> {
  const path = join(await makeDirectory(t), "unit.socket");
  const env = { ...MINIMAL_ENV, HOME: home, COUNTERSIGN_HOME: home };
  await Daemon.start(t, { env, path: home }, activated(path));
  return path;
}

/** What a hundred connections and a hundred verifications in ten processes come to. */
async function submit(t: TestContext, arena: Arena, answer: string): Promise<string[]> {
  const path = await daemonBeside(t, arena);
  const peers = await Promise.all(Array.from({ length: CONNECTIONS }, () => Peer.connect(path)));
  for (const peer of peers) peer.send(OPENING);
  for (const peer of peers) assert.equal(await peer.line(), PROMPTED);
  const beside = race<VerifyOutcome>(arena, "verify", "alice", answer);
  // The processes' own moment, when all of them have started.
  await sleep(2_500);
  for (const peer of peers) peer.send(`answer ${answer}\n`);
  const through = await Promise.all(peers.map((peer) => peer.rest()));
  const outcomes = await beside;
  assert.equal(outcomes.length, 100);
  return [
    ...through.map((line) => /^verdict (\S+) /.exec(line)?.[1] ?? line),
    ...outcomes.map(({ verdict }) => verdict),
  ];
}

for (const what of ["time-based code", "backup code"] as const) {
  test(`one ${what} through both doors, two hundred times: one accept`, parts, async (t) => {
    const arena = await makeArena(t);
    const { phone, backupCodes } = await enroll(arena, "alice");
    const answer = what === "backup code" ? (backupCodes[0] ?? "") : phone.code();
    const verdicts = await submit(t, arena, answer);
    assert.equal(verdicts.filter((verdict) => verdict === "accept").length, 1, verdicts.join(" "));
    const refused = verdicts.filter((verdict) => verdict === "reject" || verdict === "throttled");
    assert.equal(refused.length, verdicts.length - 1, verdicts.join(" "));
    assert.equal((await arena.service.verifyAudit()).intact, true);
  });
}
