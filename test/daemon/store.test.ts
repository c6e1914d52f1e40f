/** The store locked, full or gone while the daemon runs: nobody gets in, until it works again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { enroll } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { Daemon, enrolledDaemon } from "./daemon.ts";
import { login, OPENING, PROMPTED } from "./peer.ts";

const ACCEPTED = "verdict accept user=alice method=totp";
const UNAVAILABLE = /^verdict unavailable user=alice reason=store message=\S+/;

test("locked by another process: unavailable, and works again", needs("oathtool"), async (t) => {
  const { daemon, home, phone } = await enrolledDaemon(t);
  const locker = new DatabaseSync(join(home.path, "store.db"));
  t.after(() => locker.close());
  locker.exec("begin immediate");
  const code = await phone.next();
  assert.match(await login(daemon.socket, code), UNAVAILABLE);
  locker.exec("rollback");
  assert.equal(await login(daemon.socket, code), ACCEPTED, "the code was not spent");
  assert.equal(await daemon.stop(), 0);
});

test(
  "while it is locked, who comes is served as far as that goes",
  needs("oathtool"),
  async (t) => {
    const { daemon, home, phone } = await enrolledDaemon(t);
    const locker = new DatabaseSync(join(home.path, "store.db"));
    t.after(() => locker.close());
    locker.exec("begin immediate");
    const verifying = login(daemon.socket, await phone.next());
    // A login of 10 s would be over by the time that a daemon which waits for the lock prompts.
    const before = performance.now();
    for (let others = 0; others < 20; others++) {
      const peer = await daemon.connect();
      assert.equal(await peer.send(OPENING).line(), PROMPTED);
      peer.close();
    }
    assert.ok(performance.now() - before < 5_000);
    locker.exec("rollback");
    assert.equal(await verifying, ACCEPTED, "who waited gets in once the lock is gone");
    assert.equal(await daemon.stop(), 0);
  },
);

const inSandbox = needs("root", "mount namespaces", "oathtool");

test("on a full disk: unavailable, and works again", inSandbox, async (t) => {
  const sandbox = await Sandbox.open(t);
  await sandbox.smallDisk("/var/lib/disk", "1m");
  const env = { PATH: "/usr/bin:/bin", COUNTERSIGN_HOME: "/var/lib/disk/home" };
  const { phone } = await enroll((args, options = {}) =>
    sandbox.run([SANDBOX_CLI, ...args], { ...options, env }),
  );
  const argv = sandbox.enter(["/opt/countersign/bin/countersignd.js"]);
  const daemon = await Daemon.start(t, { env, path: "" }, argv);
  const socket = `/proc/${daemon.child.pid}/root/var/lib/disk/home/socket`;
  assert.equal(await login(socket, await phone.next()), ACCEPTED);

  await sandbox.sh("cat /dev/zero > /var/lib/disk/fill 2>/dev/null || true");
  const codes = [await phone.next(), await phone.next(), await phone.next()];
  // The log has room for one or another record that was there before.
  const endings: string[] = [];
  for (let tries = 0; tries < 200 && !endings.at(-1)?.includes("unavailable"); tries++) {
    endings.push(await login(socket, "cancel"));
  }
  assert.match(endings.at(-1) ?? "", UNAVAILABLE);
  assert.match(await login(socket, codes[0] ?? ""), UNAVAILABLE);
  assert.ok(daemon.isAlive);

  await sandbox.sh("rm /var/lib/disk/fill");
  await sandbox.run([SANDBOX_CLI, "user", "unlock", "alice"], { env });
  assert.equal(await login(socket, codes[0] ?? ""), ACCEPTED, "the code was not spent");
  assert.equal(await daemon.stop(), 0);
});
