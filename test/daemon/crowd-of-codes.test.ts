/** Many connections at one moment: a code is good once, and guesses are judged up to the limit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { type Daemon, enrolledDaemon } from "./daemon.ts";
import { OPENING, PROMPTED } from "./peer.ts";

const parts = needs("oathtool");
const CONNECTIONS = 100;
/** Failures that the throttle judges before its first delay, and one for each delay that passes. */
const FREE = 5;

/** The same answer over that many connections, when all of them have their prompt. */
async function submit(daemon: Daemon, answer: string): Promise<string[]> {
  const peers = await Promise.all(Array.from({ length: CONNECTIONS }, () => daemon.connect()));
  for (const peer of peers) peer.send(OPENING);
  for (const peer of peers) assert.equal(await peer.line(), PROMPTED);
  for (const peer of peers) peer.send(`answer ${answer}\n`);
  return Promise.all(peers.map(async (peer) => (await peer.rest()).trim()));
}

function count(endings: readonly string[], verdict: string): number {
  return endings.filter((ending) => ending.startsWith(`verdict ${verdict} `)).length;
}

test("one time-based code over a hundred connections: one accept", parts, async (t) => {
  const { daemon, phone, countersign } = await enrolledDaemon(t);
  const endings = await submit(daemon, await phone.next());
  assert.equal(count(endings, "accept"), 1);
  assert.equal(count(endings, "reject") + count(endings, "throttled"), CONNECTIONS - 1);
  await succeed(countersign, ["audit", "verify"]);
});

test("one backup code over a hundred connections: one accept", parts, async (t) => {
  const { daemon, backupCodes, countersign } = await enrolledDaemon(t);
  const endings = await submit(daemon, backupCodes[0] ?? "");
  assert.equal(count(endings, "accept"), 1);
  assert.equal(count(endings, "reject") + count(endings, "throttled"), CONNECTIONS - 1);
  const status = JSON.parse(
    await succeed(countersign, ["backup-code", "status", "alice", "--json"]),
  );
  assert.equal(status.left, 9);
});

test("a hundred wrong codes over a hundred connections: the limit are judged", parts, async (t) => {
  const { daemon, phone } = await enrolledDaemon(t);
  const since = Date.now();
  const endings = await submit(daemon, await phone.wrong());
  // After 2 s, 4 s more and so on, one more may be judged.
  const delays = Math.floor(Math.log2((Date.now() - since) / 2_000 + 1));
  const judged = count(endings, "reject");
  assert.ok(judged >= FREE && judged <= FREE + Math.max(0, delays), `${judged} were judged`);
  assert.equal(count(endings, "throttled"), CONNECTIONS - judged);
  assert.match(endings.find((ending) => ending.includes(" throttled ")) ?? "", / retryAt=\d+/);
});
