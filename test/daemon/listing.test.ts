/** A list that nobody reads to its end is not read from the store to its end, and ends. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Countersign } from "../../src/contracts/service.ts";
import { DaemonServer } from "../../src/daemon/server.ts";
import { makeDirectory } from "../support/cli.ts";
import { until, within } from "./daemon.ts";
import { Peer } from "./peer.ts";

const LIST = "countersign/1 call name=listUsers argument=%7B%7D\n";

/** A server over an engine whose list of users has no end. */
async function endless(t: TestContext, total = 60_000) {
  const seen = { users: 0, isEnded: false };
  async function* listUsers(): AsyncGenerator<unknown> {
    try {
      for (;;) yield { user: "u".repeat(100), number: seen.users++ };
    } finally {
      seen.isEnded = true;
    }
  }
  const path = join(await makeDirectory(t), "socket");
  const server = new DaemonServer({
    limits: { idle: 5_000, total },
    admission: { total: 8, each: 8 },
    serviceFor: () => ({ listUsers }) as unknown as Countersign,
    log: () => undefined,
  });
  await server.listen({ path });
  return { seen, server, path };
}

/** Waits until the list is read on no more. */
async function stalled(seen: { users: number }): Promise<void> {
  let last = -1;
  await until(() => {
    const isSame = seen.users > 0 && seen.users === last;
    last = seen.users;
    return isSame;
  });
}

test("a reader that stops is waited for; one that is gone is not", async (t) => {
  const { seen, server, path } = await endless(t);
  const peer = await Peer.connect(path);
  peer.socket.pause();
  peer.send(LIST);
  await stalled(seen);
  assert.ok(seen.users < 20_000, `${seen.users} were read ahead`);
  const before = seen.users;
  peer.socket.resume();
  await until(() => seen.users > before);
  peer.socket.pause();
  peer.close();
  await until(() => seen.isEnded);
  await within(server.stop(), "it waits for who is gone");
});

test("a reader that stops for good is waited for as long as a connection lives", async (t) => {
  const { seen, server, path } = await endless(t, 1_000);
  const peer = await Peer.connect(path);
  t.after(() => peer.close());
  peer.socket.pause();
  peer.send(LIST);
  await until(() => seen.isEnded);
  await within(server.stop(), "it waits for who does not read");
});
