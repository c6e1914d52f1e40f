/** A user who asks without end is slowed, before the records fill the disk; nobody else is. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Pace } from "../../src/daemon/pace.ts";
import { DaemonServer } from "../../src/daemon/server.ts";
import { makeHost } from "../engine/host.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { OPENING, Peer, PROMPTED } from "./peer.ts";

/** How many of so many requests of a uid are taken up within a time. */
async function takenUp(pace: Pace, uid: number, requests: number, within: number): Promise<number> {
  let taken = 0;
  for (let request = 0; request < requests; request++) void pace.turn(uid).then(() => taken++);
  await sleep(within);
  return taken;
}

test("a burst is taken up at once, the rest in their time", async () => {
  const pace = new Pace({ burst: 10, interval: 100 });
  const taken = await takenUp(pace, 1000, 50, 350);
  assert.ok(taken >= 10 && taken <= 14, `${taken} taken up`);
});

test("root waits for nobody, and no user for another", async () => {
  const pace = new Pace({ burst: 2, interval: 1_000 });
  assert.equal(await takenUp(pace, 1000, 4, 20), 2);
  assert.equal(await takenUp(pace, 1001, 2, 20), 2);
  assert.equal(await takenUp(pace, 0, 1_000, 20), 1_000);
});

test("who has been quiet has the whole burst again", async () => {
  const pace = new Pace({ burst: 3, interval: 20 });
  assert.equal(await takenUp(pace, 1000, 3, 10), 3);
  await sleep(100);
  assert.equal(await takenUp(pace, 1000, 3, 10), 3);
});

test(
  "who is at a prompt when the daemon ends has a while, and no longer",
  needs("root"),
  async (t) => {
    const host = makeHost(t);
    const { phone } = await host.enroll("alice");
    const path = join(await makeDirectory(t), "socket");
    const server = new DaemonServer({
      limits: { idle: 60_000, total: 60_000 },
      admission: { total: 4, each: 4 },
      farewell: 600,
      serviceFor: (caller) => host.as(caller),
      log: (line) => assert.fail(line),
    });
    await server.listen({ path });
    const [quick, slow] = [await Peer.connect(path), await Peer.connect(path)];
    for (const peer of [quick, slow]) assert.equal(await peer.send(OPENING).line(), PROMPTED);
    const stopped = server.stop();
    quick.send(`answer ${phone.code()}\n`);
    assert.match(await quick.rest(), /^verdict accept user=alice /);
    await stopped;
    assert.equal(await slow.rest(), "");
  },
);
