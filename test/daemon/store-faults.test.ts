/**
 * The store taken away, replaced, hidden, or on a disk that fails, while the daemon runs:
 * nobody gets in, the log says why, and it works again once that is mended.
 */
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { enroll, type Phone, succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { Daemon, enrolledDaemon } from "./daemon.ts";
import { login } from "./peer.ts";
import { Traced } from "./traced.ts";

const parts = needs("oathtool");
const ACCEPTED = "verdict accept user=alice method=totp";
const UNAVAILABLE = /^verdict unavailable user=alice reason=store message=\S+/;

/** No answer lets anybody in: a right code, a backup code, none. */
async function isShut(
  daemon: Daemon,
  phone: Phone,
  backupCode = "",
  socket = daemon.socket,
): Promise<void> {
  for (const answer of [await phone.next(), backupCode]) {
    assert.match(await login(socket, answer), UNAVAILABLE);
  }
  assert.match(await login(socket, "000000", "nobody"), /^verdict unavailable /);
  assert.ok(daemon.isAlive);
  await daemon.says("UNAVAILABLE: ");
  await daemon.says("try: ");
  const lines = daemon.log.split("UNAVAILABLE: ").length - 1;
  assert.ok(lines <= 2, `it is not said at every login: ${daemon.log}`);
}

async function opened(t: TestContext) {
  const enrolled = await enrolledDaemon(t);
  assert.equal(await login(enrolled.daemon.socket, await enrolled.phone.next()), ACCEPTED);
  const file = (name: string): string => join(enrolled.home.path, name);
  return { ...enrolled, file };
}

for (const suffix of ["", "-wal", "-shm"]) {
  test(`store.db${suffix} removed: shut until it is put back`, parts, async (t) => {
    const { daemon, file, phone, backupCodes, countersign } = await opened(t);
    renameSync(file(`store.db${suffix}`), file("away"));
    await isShut(daemon, phone, backupCodes[0]);
    renameSync(file("away"), file(`store.db${suffix}`));
    assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
    assert.match(await login(daemon.socket, backupCodes[0] ?? ""), /^verdict accept /, "unspent");
    assert.equal(await daemon.stop(), 0);
    await succeed(countersign, ["audit", "verify"]);
  });
}

test("removed for good: shut, and a restart says that there is none", parts, async (t) => {
  const { daemon, home, file, phone, backupCodes } = await opened(t);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(file(`store.db${suffix}`));
  await isShut(daemon, phone, backupCodes[0]);
  await daemon.says("restart countersignd");
  assert.equal(await daemon.stop(), 0);
  await assert.rejects(Daemon.start(t, home), /there is no store here/);
});

test("replaced by a backup of itself: shut, and a restart opens it", parts, async (t) => {
  const { daemon, home, file, phone, backupCodes, countersign } = await opened(t);
  for (const suffix of ["", "-wal"]) cpSync(file(`store.db${suffix}`), file(`backup${suffix}`));
  for (const suffix of ["-wal", "-shm"]) rmSync(file(`store.db${suffix}`));
  for (const suffix of ["", "-wal"]) {
    chmodSync(file(`backup${suffix}`), 0o600);
    renameSync(file(`backup${suffix}`), file(`store.db${suffix}`));
  }
  await isShut(daemon, phone, backupCodes[0]);
  await daemon.says("restart countersignd");
  assert.equal(await daemon.stop(), 0);
  const next = await Daemon.start(t, home);
  assert.equal(await login(next.socket, await phone.next()), ACCEPTED);
  await succeed(countersign, ["audit", "verify"]);
});

test("its directory moved away and made anew: shut until it is back", parts, async (t) => {
  const { daemon, home, phone, backupCodes } = await opened(t);
  const moved = `${home.path}.moved`;
  t.after(() => rmSync(moved, { recursive: true, force: true }));
  renameSync(home.path, moved);
  mkdirSync(home.path, { mode: 0o700 });
  // The socket is where clients look for it; the store is not.
  renameSync(join(moved, "socket"), daemon.socket);
  await isShut(daemon, phone, backupCodes[0]);
  renameSync(join(moved, "store.db"), join(home.path, "store.db"));
  for (const suffix of ["-wal", "-shm"]) {
    renameSync(join(moved, `store.db${suffix}`), join(home.path, `store.db${suffix}`));
  }
  assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
});

const traced = needs("root", "oathtool", "strace");
const WRITING = "pwrite64,fdatasync,fsync,ftruncate,fallocate";

for (const [what, calls, errno] of [
  ["became read-only", WRITING, "EROFS"],
  ["is full", "pwrite64,ftruncate,fallocate", "ENOSPC"],
  ["fails to write", "pwrite64", "EIO"],
  ["fails to sync", "fdatasync,fsync", "EIO"],
] as const) {
  test(`a disk that ${what}: shut until it is mended`, traced, async (t) => {
    const { daemon, phone, backupCodes, countersign } = await opened(t);
    const failing = await Traced.attach(t, daemon.child.pid ?? 0, calls, `error=${errno}`);
    await isShut(daemon, phone, backupCodes[0]);
    await failing.detach();
    assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
    assert.match(await login(daemon.socket, backupCodes[0] ?? ""), /^verdict accept /, "unspent");
    assert.equal(await daemon.stop(), 0);
    await succeed(countersign, ["audit", "verify"]);
  });
}

const inSandbox = needs("root", "mount namespaces", "oathtool");

test("another file system mounted over it: shut until it is gone", inSandbox, async (t) => {
  const sandbox = await Sandbox.open(t);
  const env = { PATH: "/usr/bin:/bin", COUNTERSIGN_HOME: "/var/lib/own/home" };
  await sandbox.sh("mkdir -m 755 /var/lib/own");
  const { phone, backupCodes } = await enroll((args, options = {}) =>
    sandbox.run([SANDBOX_CLI, ...args], { ...options, env }),
  );
  const argv = sandbox.enter(["/opt/countersign/bin/countersignd.js"]);
  const daemon = await Daemon.start(t, { env, path: "/nowhere" }, argv);
  const socket = `/proc/${daemon.child.pid}/root/var/lib/own/home/socket`;
  assert.equal(await login(socket, await phone.next()), ACCEPTED);
  await sandbox.sh(
    "cd /var/lib/own; touch s; mount --bind home/socket s; mount -t tmpfs -o mode=700 tmpfs home; touch home/socket; mount --bind s home/socket",
  );
  await isShut(daemon, phone, backupCodes[0], socket);
  await sandbox.sh("cd /var/lib/own; umount home/socket home");
  assert.equal(await login(socket, await phone.next()), ACCEPTED);
});
