/** A daemon too busy to take a connection at once is one that is there. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../src/core/fault.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { DAEMON, type Daemon, enrolledDaemon } from "./daemon.ts";
import { Peer } from "./peer.ts";

const parts = needs("oathtool");

/** Stops the daemon, and fills the line before its door until connect(2) would wait. */
async function crowd(t: TestContext, daemon: Daemon): Promise<void> {
  daemon.child.kill("SIGSTOP");
  t.after(() => daemon.child.kill("SIGCONT"));
  for (let count = 0; count < 20_000; count++) {
    try {
      const peer = await Peer.connect(daemon.socket, 0);
      t.after(() => peer.close());
    } catch (error) {
      assert.equal(errnoOf(error), "EAGAIN");
      return;
    }
  }
  assert.fail("the line is endless");
}

test("a second daemon does not take the place of one that is busy", parts, async (t) => {
  const { daemon, home } = await enrolledDaemon(t);
  await crowd(t, daemon);
  const second = await run([DAEMON], { env: home.env });
  assert.equal(second.code, 1);
  assert.match(second.stderr, /another countersignd is running/);
});

test("a command waits for its turn", parts, async (t) => {
  const { daemon, countersign, phone } = await enrolledDaemon(t);
  await crowd(t, daemon);
  const verifying = countersign(["verify", "alice", "--code-stdin"], { input: await phone.next() });
  await sleep(1_000);
  daemon.child.kill("SIGCONT");
  const { code, stderr } = await verifying;
  assert.deepEqual([code, stderr], [0, ""]);
});
