/** The list that is asked for through the socket: its arguments are checked, all of them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { countersignOver } from "../../src/client/over-socket.ts";
import type { Countersign, UserQuery } from "../../src/contracts/service.ts";
import { DaemonServer } from "../../src/daemon/server.ts";
import { succeed } from "../commands/enrolled.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { enrolledDaemon } from "./daemon.ts";
import { Host } from "./host.ts";
import { Peer } from "./peer.ts";

/** A server over an engine that notes what it is asked for. */
async function noting(t: TestContext) {
  const asked: (UserQuery | undefined)[] = [];
  async function* listUsers(query?: UserQuery): AsyncGenerator<unknown> {
    asked.push(query);
    yield { user: "alice" };
  }
  const path = join(await makeDirectory(t), "socket");
  const server = new DaemonServer({
    limits: { idle: 5_000, total: 60_000 },
    admission: { total: 64, each: 64 },
    serviceFor: () => ({ listUsers }) as unknown as Countersign,
    log: () => undefined,
  });
  await server.listen({ path });
  t.after(() => server.stop());
  const open = async () => (await Peer.connect(path)).socket;
  return { asked, service: countersignOver(open) };
}

test("what is asked for arrives as it was asked", async (t) => {
  const { asked, service } = await noting(t);
  const query: UserQuery = {
    ...{ status: "pending", method: "totp", unenrolled: true, unusedSince: 4_711 },
    ...{ groups: ["staff", "zwölf & more"], sort: "last-used", after: "bob", limit: 7 },
  };
  const nothing = Object.fromEntries(Object.keys(query).map((name) => [name, undefined]));
  for (const each of [undefined, {}, { limit: 1 }, query]) {
    const users = await Array.fromAsync(service.listUsers(each));
    assert.deepEqual(users, [{ user: "alice" }]);
    assert.deepEqual(asked.pop(), each && { ...nothing, ...each });
  }
});

test("what is no such question ends the connection, and asks nothing", async (t) => {
  const { asked, service } = await noting(t);
  for (const query of [
    { status: "gone" },
    { sort: "size" },
    { unenrolled: "yes" },
    { groups: "staff" },
    { groups: [1] },
    { groups: null },
    { limit: 1.5 },
    { limit: "1" },
    { unusedSince: null },
    { after: 1 },
    // From a later release: ignored, the wrong users would be listed, and switched off.
    { department: "sales" },
  ]) {
    const list = service.listUsers(query as unknown as UserQuery);
    await assert.rejects(Array.fromAsync(list), /hung up/, JSON.stringify(query));
  }
  assert.deepEqual(asked, []);
});

test("the commands through a daemon", needs("root", "oathtool"), async (t) => {
  const { countersign } = await enrolledDaemon(t);
  for (const user of ["bob", "carol"]) await succeed(countersign, ["enroll", user, "--begin"]);
  const list = async (...args: string[]) =>
    JSON.parse(await succeed(countersign, ["user", "list", "--json", ...args])).map(
      ({ user }: { user: string }) => user,
    );
  assert.deepEqual(await list("--sort", "last-used", "--limit", "2"), ["alice", "bob"]);
  const disable = ["user", "disable", "--all", "--yes"];
  assert.equal(await succeed(countersign, disable), "disabled 3 users: alice, bob, carol\n");
  assert.deepEqual(await list("--status", "disabled"), ["alice", "bob", "carol"]);
  const enable = ["user", "enable", "--from-stdin"];
  assert.equal(await succeed(countersign, enable, "bob\ncarol\n"), "enabled 2 users: bob, carol\n");
  assert.deepEqual(await list("--unenrolled"), ["bob", "carol"]);
});

test("only root asks for it", needs("root", "mount namespaces"), async (t) => {
  const host = await Host.make(t);
  for (const argument of [{}, { groups: ["alice"] }, { after: "a", limit: 1 }]) {
    const lines = await host.call("alice", "findUsers", argument);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^fault code=not-permitted /);
  }
});
