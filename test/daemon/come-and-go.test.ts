/** Thousands of connections, closed at each step: memory and descriptors come back, and logins go on. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ADMISSION, LIMITS } from "../../src/daemon/limits.ts";
import { DaemonServer } from "../../src/daemon/server.ts";
import { enroll } from "../commands/enrolled.ts";
import { makeHost } from "../engine/host.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { enrolledDaemon, until } from "./daemon.ts";
import { Host, SOCKET } from "./host.ts";
import { login, OPENING, Peer, PROMPTED } from "./peer.ts";

const ACCEPTED = "verdict accept user=alice method=totp";
const ROUNDS = 4;
const EACH = 1_000;
/** MiB of memory: V8 takes its time to give back what it no longer needs, and stops near 150. */
const MOST = 250;
/** Bytes of each connection that may be left; one that is held comes to thousands. */
const HELD = 500;

/** How far a connection gets before it is closed; the answers are counted for made-up names. */
const STEPS = [
  "",
  "countersign/1 ver",
  "no protocol of ours\n",
  OPENING,
  `${OPENING}answer 12`,
  `${OPENING}cancel\n`,
  "countersign/1 verify user=nobody\nanswer 000000\n",
  "countersign/1 call name=listUsers argument=%7B%7D\n",
];

function residentMiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/** A thousand connections, fifty at a time; all of them were let in when it resolves. */
async function round(path: string): Promise<void> {
  for (let count = 0; count < EACH; count += 50) {
    const peers = Array.from({ length: 50 }, async (_, index) => {
      const peer = await Peer.connect(path);
      const step = STEPS[index % STEPS.length] ?? "";
      peer.send(step);
      // Half of them wait to be asked, and close then.
      if (step === OPENING && index < 25) assert.equal(await peer.line(), PROMPTED);
      peer.close();
    });
    await Promise.all(peers);
  }
  // Whoever came before has been let in by now: the line before the door is one.
  const last = (await Peer.connect(path)).send(OPENING);
  assert.equal(await last.line(), PROMPTED);
  last.close();
}

test(
  "root's: they leave nothing, and logins in the midst are served",
  needs("oathtool"),
  async (t) => {
    const { daemon, phone } = await enrolledDaemon(t);
    assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
    const descriptors = daemon.descriptors;
    await round(daemon.socket);
    await until(() => daemon.descriptors <= descriptors);
    for (let count = 0; count < ROUNDS; count++) {
      const rushing = round(daemon.socket);
      const since = performance.now();
      assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
      assert.ok(performance.now() - since < 5_000);
      await rushing;
    }
    await until(() => daemon.descriptors <= descriptors);
    const memory = residentMiB(daemon.child.pid);
    assert.ok(memory < MOST, `${memory} MiB`);
    assert.equal(await daemon.stop(), 0, daemon.log);
  },
);

/** Bytes in use once all garbage is collected. */
function heap(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let times = 0; times < 3; times++) collect();
  return process.memoryUsage().heapUsed;
}

/** The same once the last of them is over and has its end recorded: from then on nothing falls. */
async function settledHeap(): Promise<number> {
  let last = heap();
  for (let still = 0; still < 5; ) {
    await sleep(200);
    const now = heap();
    still = now > last - 20_000 ? still + 1 : 0;
    last = now;
  }
  return last;
}

test("of a connection that is over the server holds nothing", needs("root"), async (t) => {
  const host = makeHost(t);
  await host.enroll("alice");
  const path = join(await makeDirectory(t), "socket");
  const server = new DaemonServer({
    limits: LIMITS,
    admission: ADMISSION,
    serviceFor: (caller) => host.as(caller),
    log: (line) => assert.fail(line),
  });
  await server.listen({ path });
  t.after(() => server.stop());
  await round(path);
  const before = await settledHeap();
  await round(path);
  await round(path);
  const each = ((await settledHeap()) - before) / (2 * EACH);
  assert.ok(each < HELD, `${each} bytes of each`);
});

/** The same from another process, as a user: `node -e SCRIPT SOCKET COUNT STEPS`. */
const RUSH = `
  const [path, count, steps] = process.argv.slice(1);
  const { connect } = require("node:net");
  const one = (bytes) => new Promise((resolve) => {
    const socket = connect(path, () => socket.write(bytes, () => setTimeout(() => socket.destroy(), 5)));
    socket.on("error", () => undefined).on("close", resolve);
  });
  (async () => {
    const all = JSON.parse(steps);
    for (let index = 0; index < count; index += 40) {
      await Promise.all(Array.from({ length: 40 }, (_, each) => one(all[each % all.length] || "c")));
    }
  })();
`;

const inSandbox = needs("root", "mount namespaces", "oathtool");

test("a user's: they leave nothing, and another's logins are served", inSandbox, async (t) => {
  const host = await Host.make(t);
  const { phone } = await enroll(host.as(), "bob");
  const descriptors = () => readdirSync(`/proc/${host.daemonPid}/fd`).length;
  const rush = (count: number) => {
    const argv = ["-e", RUSH, "--", SOCKET, `${count}`, JSON.stringify(STEPS)];
    return host.sandbox.run([process.execPath, ...argv], { user: "alice", timeout: 60_000 });
  };
  const opened = descriptors();
  await rush(200);
  await until(() => descriptors() <= opened);
  for (let count = 0; count < 2; count++) {
    const rushing = rush(EACH);
    const opening = "countersign/1 verify user=bob";
    const lines = await host.speak("bob", opening, `answer ${await phone.next()}`);
    assert.equal(lines[1], "verdict accept user=bob method=totp");
    assert.equal((await rushing).code, 0);
  }
  await until(() => descriptors() <= opened);
  const memory = residentMiB(host.daemonPid);
  assert.ok(memory < MOST, `${memory} MiB`);
  const lines = await host.speak("bob", "countersign/1 verify user=bob", "cancel");
  assert.equal(lines[1], "verdict reject user=bob");
});
