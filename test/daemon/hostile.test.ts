/** Clients that break the protocol, or stop in its middle: the daemon outlives them all. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Phone, succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { type Daemon, enrolledDaemon, until } from "./daemon.ts";
import { login, OPENING, Peer, PROMPTED } from "./peer.ts";

const parts = needs("oathtool");
const ACCEPTED = "verdict accept user=alice method=totp";

/** What a hostile client does; afterwards, all is as it was. */
function hostile(name: string, act: (daemon: Daemon, phone: Phone) => Promise<void>): void {
  test(name, parts, async (t) => {
    const { daemon, phone } = await enrolledDaemon(t);
    assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
    await sleep(100);
    const before = daemon.descriptors;
    await act(daemon, phone);
    await until(() => daemon.descriptors <= before);
    await served(daemon, await phone.next());
    await until(() => daemon.descriptors <= before);
    assert.equal(await daemon.stop(), 0, daemon.log);
    assert.doesNotMatch(daemon.log, /Error|at .*\.js/, "it logs nothing of what peers send");
  });
}

/** A right login, within a second. */
async function served(daemon: Daemon, code: string): Promise<void> {
  assert.ok(daemon.isAlive, daemon.log);
  const since = performance.now();
  assert.equal(await login(daemon.socket, code), ACCEPTED);
  const took = performance.now() - since;
  assert.ok(took < 1_000, `it took ${took} ms`);
}

/** Sends it, and is hung up on without a word. */
async function hungUpOn(daemon: Daemon, ...pieces: readonly (string | Uint8Array)[]) {
  const peer = await daemon.connect();
  for (const piece of pieces) peer.send(piece);
  assert.equal((await peer.rest()).replace(`${PROMPTED}\n`, ""), "");
}

hostile("what is no line of the protocol ends the connection, without a word", async (daemon) => {
  for (const bytes of [
    "\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "countersign/2 verify user=alice\n",
    "countersign/1 verify user=alice user=root\n",
    "countersign/1 verify user=alice uid=0\n",
    "countersign/1 verify user=%FF\n",
    "countersign/1 call name=noSuchCall argument=%7B%7D\n",
    "countersign/1 call name=constructor argument=%7B%7D\n",
    "countersign/1 call name=__proto__ argument=%7B%7D\n",
    "countersign/1 call name=showUser argument=%5B%5D\n",
    "countersign/1 call name=showUser argument=null\n",
    "countersign/1 call name=showUser argument=%7B%22user%22%3A1%7D\n",
    Buffer.of(0xff, 0xfe, 0x0a),
    randomBytes(65_536),
  ]) {
    await hungUpOn(daemon, bytes);
  }
});

hostile("a line without an end is not read to its end", async (daemon) => {
  await hungUpOn(daemon, Buffer.alloc(8_192, "a"));
  await hungUpOn(daemon, Buffer.alloc(10_000_000, "a"));
  await hungUpOn(daemon, OPENING, `answer ${"1".repeat(20_000)}`);
});

hostile("half a line is left waiting, and its end of input ends it", async (daemon) => {
  const peer = await daemon.connect();
  peer.send("countersign/1 verify us");
  await sleep(200);
  assert.equal(peer.isOver, false);
  peer.socket.end();
  assert.equal(await peer.rest(), "");
});

hostile("slow bytes are a login like any other", async (daemon) => {
  const peer = await daemon.connect();
  for (const byte of `${OPENING}cancel\n`) {
    peer.send(byte);
    await sleep(3);
  }
  assert.equal(await peer.rest(), `${PROMPTED}\nverdict reject user=alice reason=cancelled\n`);
});

hostile("a second opening ends the connection, whatever it names", async (daemon) => {
  await hungUpOn(daemon, OPENING, OPENING);
  const peer = await daemon.connect();
  peer.send(OPENING);
  assert.equal(await peer.line(), PROMPTED);
  peer.send("countersign/1 verify user=root\n");
  assert.equal(await peer.rest(), "");
});

hostile("a connection closed at any step leaves nothing", async (daemon) => {
  const whole = `${OPENING}answer 000000\n`;
  const steps: string[] = ["", "c", OPENING.slice(0, -1), OPENING, `${OPENING}answer 0`, whole];
  for (const how of ["destroy", "end"] as const) {
    for (const step of steps) {
      const peer = await daemon.connect();
      peer.send(step);
      if (step.startsWith(OPENING)) assert.equal(await peer.line(), PROMPTED);
      if (how === "end") peer.socket.end(() => peer.close());
      else peer.close();
    }
  }
});

hostile("a thousand connections at once keep nobody waiting", async (daemon, phone) => {
  const peers = await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const peer = await daemon.connect();
      return peer.send(["", "countersign/1 ver", OPENING][index % 3] ?? "");
    }),
  );
  assert.equal(peers.length, 1_000);
  await served(daemon, await phone.next());
  for (const peer of peers) peer.close();
});

test("while all of them go on, right logins are served within a second", parts, async (t) => {
  const { daemon, phone } = await enrolledDaemon(t);
  const silent = await Promise.all(Array.from({ length: 300 }, () => daemon.connect()));
  let isOn = true;
  const noise = Array.from({ length: 8 }, async (_, index) => {
    while (isOn) {
      const peer = await Peer.connect(daemon.socket);
      peer.send([randomBytes(9_000), OPENING, `${OPENING}cancel\n`, ""][index % 4] ?? "");
      await sleep(25);
      peer.close();
    }
  });
  for (let round = 0; round < 5; round++) {
    await served(daemon, await phone.next());
    await sleep(50);
  }
  isOn = false;
  await Promise.all(noise);
  for (const peer of silent) peer.close();
  assert.equal(await daemon.stop(), 0);
});

test(
  "answers sent ahead are few, and of a client that sends more none is judged",
  parts,
  async (t) => {
    const { daemon, countersign, phone } = await enrolledDaemon(t);
    const few = await daemon.connect();
    few.send(`${OPENING}answer ${await phone.next()}\n${"answer 000000\n".repeat(3)}`);
    assert.equal(await few.rest(), `${PROMPTED}\n${ACCEPTED}\n`);
    const before = await succeed(countersign, ["audit", "list", "--json"]);
    const right = `answer ${await phone.next()}\n`;
    await hungUpOn(daemon, OPENING + right + "answer 000000\n".repeat(4));
    await hungUpOn(daemon, `${OPENING}${right}no reply\n`);
    const events = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
    const news = events.slice(JSON.parse(before).length);
    const verdicts = news.map(({ verdict }: { verdict: string | null }) => verdict);
    assert.ok(!verdicts.includes("accept"), JSON.stringify(news));
  },
);

test("of 1,000 answers in one connection one is judged at most", parts, async (t) => {
  const { daemon, countersign, phone } = await enrolledDaemon(t);
  const verifications = async (): Promise<number> => {
    const events = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
    return events.filter(({ action }: { action: string }) => action === "verify").length;
  };
  const before = await verifications();
  const peer = await daemon.connect();
  peer.send(OPENING);
  assert.equal(await peer.line(), PROMPTED);
  const wrong = await phone.wrong();
  peer.send(`answer ${wrong}\n`);
  assert.match((await peer.line()) ?? "", /^verdict reject /);
  for (let tries = 1; tries < 1_000; tries++) peer.send(`answer ${wrong}\n`);
  assert.equal(await peer.rest(), "");
  const flood = await daemon.connect();
  flood.send(OPENING + `answer ${wrong}\n`.repeat(1_000));
  assert.equal((await flood.rest()).replace(`${PROMPTED}\n`, ""), "");
  // Of the flood none is judged, and nothing recorded: it broke off before it was asked.
  assert.equal(await verifications(), before + 1);
  assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
});
