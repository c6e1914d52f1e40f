/** How long a connection may idle and live: with limits that a test can wait for, and the true ones. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Conversation } from "../../src/contracts/conversation.ts";
import type { Countersign, UserSummary } from "../../src/contracts/service.ts";
import { ADMISSION, LIMITS } from "../../src/daemon/limits.ts";
import { DaemonServer } from "../../src/daemon/server.ts";
import { LINE_MAX } from "../../src/protocol/lines.ts";
import { makeHost } from "../engine/host.ts";
import { makeDirectory, ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { OPENING, Peer, PROMPTED } from "./peer.ts";

/** The kernel names the caller, and only root may verify for alice. */
const parts = needs("root");

const IDLE = 400;
const TOTAL = 1_200;

/** A server over the real engine, or over a service that does as the test wants. */
async function serving(t: TestContext, own?: Partial<Countersign>) {
  const host = makeHost(t);
  const { phone } = await host.enroll("alice");
  const path = join(await makeDirectory(t), "socket");
  const server = new DaemonServer({
    limits: { idle: IDLE, total: TOTAL },
    admission: { total: 4, each: 4 },
    serviceFor: (caller) => ({ ...host.as(caller), ...own }),
    log: (line) => assert.fail(line),
  });
  await server.listen({ path });
  t.after(() => server.stop());
  return { host, phone, path };
}

/** Milliseconds until the daemon has hung up, and what it sent. */
async function ended(peer: Peer): Promise<{ took: number; received: string }> {
  const since = performance.now();
  const received = await peer.rest();
  return { took: performance.now() - since, received };
}

function about(took: number, limit: number): void {
  assert.ok(took > limit * 0.5 && took < limit + 5_000, `after ${took} ms`);
}

for (const [what, sent] of [
  ["nothing", ""],
  ["half an opening", "countersign/1 verify us"],
] as const) {
  test(`who sends ${what} is hung up on, without a word`, parts, async (t) => {
    const { path } = await serving(t);
    const { took, received } = await ended((await Peer.connect(path)).send(sent));
    assert.equal(received, "");
    about(took, IDLE);
  });
}

test("slow bytes of an opening do not buy time", parts, async (t) => {
  const { path } = await serving(t);
  const peer = await Peer.connect(path);
  const timer = setInterval(() => peer.send("c"), 20);
  const { took, received } = await ended(peer);
  clearInterval(timer);
  assert.equal(received, "");
  about(took, IDLE);
});

test(
  "who does not answer is refused, and it is recorded; nor do slow bytes buy time",
  parts,
  async (t) => {
    const { host, path, phone } = await serving(t);
    for (const isDripping of [false, true]) {
      const peer = (await Peer.connect(path)).send(OPENING);
      assert.equal(await peer.line(), PROMPTED);
      if (isDripping) peer.send("answer ");
      const timer = setInterval(() => isDripping && peer.send("1"), 20);
      const events = await host.eventsOf(async () => {
        const { took, received } = await ended(peer);
        assert.equal(received, "verdict reject user=alice reason=timed-out\n");
        about(took, IDLE);
      });
      clearInterval(timer);
      assert.deepEqual(
        events.map(({ verdict, reason }) => [verdict, reason]),
        [["reject", "timed-out"]],
      );
    }
    assert.equal((await host.verify("alice", phone.code())).verdict, "accept");
  },
);

test("an answer that comes after the time is up is not judged", parts, async (t) => {
  const { host, path, phone } = await serving(t);
  const peer = (await Peer.connect(path)).send(OPENING);
  assert.equal(await peer.line(), PROMPTED);
  assert.match((await peer.line()) ?? "", /timed-out/);
  peer.send(`answer ${phone.code()}\n`);
  assert.equal(await peer.rest(), "");
  assert.equal((await host.verify("alice", phone.code())).verdict, "accept", "it is not spent");
});

test("questions without end come to one with the connection's time", parts, async (t) => {
  const asksOn = async (_user: string, _origin: object, conversation: Conversation) => {
    for (;;) {
      const reply = await conversation.prompt("Again: ");
      if (reply.kind !== "text") return { verdict: "reject", user: "alice" } as const;
    }
  };
  const { path } = await serving(t, { verify: asksOn });
  const peer = (await Peer.connect(path)).send(OPENING);
  const timer = setInterval(() => peer.send("answer 1\n"), 100);
  const { took, received } = await ended(peer);
  clearInterval(timer);
  assert.doesNotMatch(received, /verdict/);
  about(took, TOTAL);
});

test("what waits for something else is told when the connection's time is up", parts, async (t) => {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const waits = async (_user: string, _origin: object, conversation: Conversation) => {
    await conversation.waiting(
      (gone) => new Promise<void>((go) => gone.addEventListener("abort", () => go())),
    );
    resolve();
    return { verdict: "accept", user: "alice" } as const;
  };
  const { path } = await serving(t, { verify: waits });
  const { took, received } = await ended((await Peer.connect(path)).send(OPENING));
  assert.equal(received, "", "whatever it ends in comes too late");
  about(took, TOTAL);
  await told;
});

test("who stays after the verdict is hung up on", parts, async (t) => {
  const { path } = await serving(t);
  const peer = (await Peer.connect(path)).send(`${OPENING}cancel\n`);
  const closed = new Promise((resolve) => peer.socket.once("close", resolve));
  assert.equal(await peer.line(), PROMPTED);
  assert.match((await peer.line()) ?? "", /^verdict reject/);
  const stop = setInterval(() => peer.send("x"), 50);
  await closed;
  clearInterval(stop);
});

test(
  "who reads a list lives as long as it goes on, and no longer than it is read",
  parts,
  async (t) => {
    const { path } = await serving(t, {
      async *listUsers() {
        for (let n = 0; n < 5; n++) {
          await sleep(TOTAL / 3);
          yield { user: `user${n}` } as UserSummary;
        }
        await sleep(1.5 * TOTAL);
      },
    });
    const { took, received } = await ended(
      (await Peer.connect(path)).send("countersign/1 call name=listUsers argument=%7B%7D\n"),
    );
    assert.equal(received.split("\n").filter((line) => line.startsWith("item ")).length, 5);
    about(took - (5 * TOTAL) / 3, TOTAL);
  },
);

test("the daemon's own limits are those of its page", () => {
  const page = readFileSync(join(ROOT, "man/countersignd.8"), "utf8").replace(/\s+/g, " ");
  const words: Readonly<Record<number, string>> = { 2: "two", 5: "five" };
  const [idle, total] = [LIMITS.idle, LIMITS.total].map((limit) => words[limit / 60_000]);
  const lasts = `An answer is waited for ${idle} minutes, a connection lives ${total}, a line is at most ${LINE_MAX / 1024} KiB.`;
  assert.ok(page.includes(lasts), lasts);
  const many = `at most ${ADMISSION.each} connections open, all of them together ${ADMISSION.total};`;
  assert.ok(page.includes(many), many);
  const main = readFileSync(join(ROOT, "src/daemon/main.ts"), "utf8");
  assert.match(main, /limits: LIMITS,\n\s+admission: ADMISSION,/);
});
