/** Who takes up the daemon's room: seen from other uids, by the kernel's word. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Countersign } from "../../src/contracts/service.ts";
import { Lanes } from "../../src/daemon/lanes.ts";
import { DaemonServer } from "../../src/daemon/server.ts";
import { makeHost } from "../engine/host.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { until } from "./daemon.ts";
import { Peer } from "./peer.ts";

const parts = needs("root");

/** Accounts that every Debian host has, by uid: names are theirs from base-passwd. */
const ACCOUNT = 1;
const NAMES: Readonly<Record<number, string>> = { 1: "daemon", 2: "bin", 3: "sys" };
/** What a user may take on in a user namespace of their own. */
const NOBODYS = 200_000;
const call = (uid: number): string =>
  `countersign/1 call name=backupCodeStatus argument=%7B%22user%22%3A%22${NAMES[uid]}%22%7D\n`;

async function serving(t: TestContext, own: Partial<Countersign> = {}) {
  const host = makeHost(t);
  const directory = await makeDirectory(t);
  chmodSync(directory, 0o755);
  const path = join(directory, "socket");
  const server = new DaemonServer({
    limits: { idle: 60_000, total: 60_000 },
    admission: { total: 4, each: 2 },
    serviceFor: (caller) => ({ ...host.as(caller), ...own }),
    log: (line) => assert.fail(line),
  });
  await server.listen({ path });
  chmodSync(path, 0o666);
  t.after(() => server.stop());
  return path;
}

/** connect(2), which notes the uid, is called before this returns to the event loop. */
async function connectAs(t: TestContext, uid: number, path: string): Promise<Peer> {
  process.seteuid?.(uid);
  const connecting = Peer.connect(path);
  process.seteuid?.(0);
  const peer = await connecting;
  t.after(() => peer.close());
  return peer;
}

test("who only holds places, by however many uids, gives way to who asks", parts, async (t) => {
  const path = await serving(t);
  const idle: Peer[] = [];
  for (let uid = NOBODYS; uid < NOBODYS + 4; uid++) idle.push(await connectAs(t, uid, path));
  for (const uid of [1, 2, 3]) {
    const peer = await connectAs(t, uid, path);
    assert.match((await peer.send(call(uid)).line()) ?? "", /^result /);
  }
  assert.equal(idle[0]?.isOver, true);
});

test("who is being served gives way to nobody", parts, async (t) => {
  const gate = Promise.withResolvers<void>();
  t.after(() => gate.resolve());
  const backupCodeStatus: Countersign["backupCodeStatus"] = async (user) => {
    await gate.promise;
    return { user, left: 0, createdAt: undefined };
  };
  const path = await serving(t, { backupCodeStatus });
  const served = [];
  for (const uid of [ACCOUNT, ACCOUNT, 2, 2]) {
    served.push((await connectAs(t, uid, path)).send(call(uid)));
  }
  await sleep(300);
  assert.equal(await (await connectAs(t, NOBODYS, path)).rest(), "");
  gate.resolve();
  for (const peer of served) assert.match((await peer.line()) ?? "", /^result /);
});

test(
  "who is hung up on has no room for more until what they asked for is done",
  parts,
  async (t) => {
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    let begun = 0;
    const backupCodeStatus: Countersign["backupCodeStatus"] = async (user) => {
      begun++;
      await gate.promise;
      return { user, left: 0, createdAt: undefined };
    };
    const path = await serving(t, { backupCodeStatus });
    for (let count = 0; count < 2; count++) {
      const peer = await connectAs(t, ACCOUNT, path);
      peer.send(call(ACCOUNT));
      await until(() => begun === count + 1);
      assert.equal(await peer.send("no reply of the protocol's\n").rest(), "");
    }
    await sleep(300);
    assert.equal(await (await connectAs(t, ACCOUNT, path)).send(call(ACCOUNT)).rest(), "");
    gate.resolve();
    await sleep(300);
    const peer = await connectAs(t, ACCOUNT, path);
    assert.match((await peer.send(call(ACCOUNT)).line()) ?? "", /^result /);
    assert.equal(begun, 3);
  },
);

test("one user's slow hashes are made one at a time, and root's and others' beside them", async () => {
  const gates: (() => void)[] = [];
  const lanes = new Lanes(() => {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    gates.push(() => resolve(Buffer.alloc(1)));
    return promise;
  });
  const hash = (uid: number) => lanes.of(uid)("code", Buffer.alloc(16), { N: 2, r: 1, p: 1 });
  const own = [hash(ACCOUNT), hash(ACCOUNT), hash(ACCOUNT)];
  await sleep(10);
  assert.equal(gates.length, 1);
  const others = [hash(2), hash(0), hash(0)];
  await sleep(10);
  assert.equal(gates.length, 4);
  for (let done = 0; done < gates.length; done++) {
    gates[done]?.();
    await sleep(10);
  }
  assert.equal(gates.length, 6);
  await Promise.all([...own, ...others]);
});

test("a slow hash that fails holds up none behind it", async () => {
  let count = 0;
  const lanes = new Lanes(async () => {
    if (count++ === 0) throw new Error("failed");
    return Buffer.alloc(1);
  });
  const hash = () => lanes.of(ACCOUNT)("code", Buffer.alloc(16), { N: 2, r: 1, p: 1 });
  const [first, second] = await Promise.allSettled([hash(), hash()]);
  assert.deepEqual([first?.status, second?.status], ["rejected", "fulfilled"]);
});
