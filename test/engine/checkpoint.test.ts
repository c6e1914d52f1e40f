/** Checkpoints that are made by themselves: when they are due, and when not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogLine } from "../../src/core/audit-message.ts";
import { keepCheckpoints } from "../../src/daemon/checkpoints.ts";
import { checkpointIfDue } from "../../src/engine/checkpoint.ts";
import { type Host, MINUTE, makeHost, ROOT } from "./host.ts";

const HOUR = 60 * MINUTE;
const RULE = { events: 5, interval: 24 * HOUR };

async function live(host: Host, events: number): Promise<void> {
  for (let n = 0; n < events; n++) await host.verify("nobody", "");
}

test("one is due after so many events, or so long after the last that anything followed", async (t) => {
  const told: LogLine[] = [];
  const host = makeHost(t, { systemLog: { tell: (line) => void told.push(line) } });
  const due = async () => (await checkpointIfDue(host.parts, ROOT, RULE))?.sequence;
  assert.equal(await due(), undefined, "nothing has happened yet");
  await live(host, 4);
  assert.equal(await due(), undefined);
  await live(host, 1);
  assert.equal(await due(), 6, "with the event of the key");
  const actions = told.slice(-2).map(({ fields }) => fields.COUNTERSIGN_ACTION);
  assert.deepEqual(actions, ["audit-key", "audit-checkpoint"]);
  assert.equal(await due(), undefined);
  host.clock.advance(25 * HOUR);
  assert.equal(await due(), undefined, "nothing has happened since");
  await live(host, 1);
  assert.equal(await due(), 7);
  await live(host, 1);
  host.clock.advance(23 * HOUR);
  assert.equal(await due(), undefined);
  host.clock.advance(HOUR);
  assert.equal(await due(), 8);
  await live(host, 1);
  host.clock.advance(-100 * HOUR);
  assert.equal(await due(), 9, "a clock that stepped back does not put it off");
  assert.ok((await host.root.verifyAudit()).intact);
});

test("what keeps the daemon from signing is told once, and ends nothing", async () => {
  const log: string[] = [];
  let looks = 0;
  const rounds = keepCheckpoints(
    async () => {
      looks += 1;
      throw new Error("the disk is full");
    },
    (line) => log.push(line),
  );
  await rounds.end();
  assert.equal(looks, 1);
  assert.deepEqual(log, ["NO CHECKPOINT of the audit log: Error: the disk is full"]);
});
