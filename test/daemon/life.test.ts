/** The daemon's life: how it begins, reads its settings anew, and ends, whatever is under way. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { succeed } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { DAEMON, Daemon, enrolledDaemon, until } from "./daemon.ts";
import { login, OPENING, PROMPTED } from "./peer.ts";

const parts = needs("oathtool");
const ACCEPTED = "verdict accept user=alice method=totp";

test("SIGTERM finishes a login under way, and waits for nobody else", parts, async (t) => {
  const { daemon, phone } = await enrolledDaemon(t);
  const silent = await daemon.connect();
  const done = await daemon.connect();
  done.send(`${OPENING}cancel\n`);
  assert.equal(await done.line(), PROMPTED);
  assert.match((await done.line()) ?? "", /^verdict reject/);
  const peer = await daemon.connect();
  peer.send(OPENING);
  assert.equal(await peer.line(), PROMPTED);
  const ended = daemon.stop();
  await until(() => silent.isOver);
  assert.equal(existsSync(daemon.socket), false, "it takes no more");
  assert.ok(daemon.isAlive);
  const since = Date.now();
  peer.send(`answer ${await phone.next()}\n`);
  assert.equal((await peer.rest()).trim(), ACCEPTED);
  assert.equal(await ended, 0);
  assert.ok(Date.now() - since < 3_000, "it ends when the login has");
  for (const each of [silent, done]) each.close();
});

test(
  "SIGHUP and a changed file reload; broken settings leave the last good ones",
  parts,
  async (t) => {
    const { daemon, home, phone, countersign } = await enrolledDaemon(t);
    const file = join(home.path, "countersign.json");
    const later = 8 * 30_000;
    assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);

    await succeed(countersign, ["config", "set", "totp.window", "0"]);
    await daemon.says("settings read anew");
    assert.match(
      await login(daemon.socket, await phone.code(later)),
      /^verdict reject.*wrong-code/,
    );

    await writeFile(file, '{ "totp": { "window": 10 ');
    await daemon.says("SETTINGS NOT READ");
    assert.match(
      await login(daemon.socket, await phone.code(later)),
      /^verdict reject.*wrong-code/,
    );
    daemon.child.kill("SIGHUP");
    await daemon.says("SETTINGS NOT READ", 2);

    await writeFile(file, '{ "totp": { "window": 10 } }');
    await daemon.says("settings read anew", 2);
    daemon.child.kill("SIGHUP");
    await daemon.says("settings read anew", 3);
    assert.equal(await login(daemon.socket, await phone.code(later)), ACCEPTED);
    assert.equal(await daemon.stop(), 0);
  },
);

test("a second daemon refuses, and leaves the first its socket", parts, async (t) => {
  const { daemon, home, phone } = await enrolledDaemon(t);
  const second = await run([DAEMON], { env: home.env });
  assert.equal(second.code, 1);
  assert.match(second.stderr, /another countersignd is running\n.*try: stop it first/);
  assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
});

test("the socket of one that is gone is replaced; what is no socket is not", parts, async (t) => {
  const { daemon, home, phone } = await enrolledDaemon(t);
  await daemon.kill();
  assert.ok(existsSync(daemon.socket), "it had no time to clear up");
  const next = await Daemon.start(t, home);
  assert.equal(await login(next.socket, await phone.next()), ACCEPTED);
  assert.equal(await next.stop(), 0);
  await writeFile(next.socket, "a file");
  const refused = await run([DAEMON], { env: home.env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /this is no socket/);
  await rm(next.socket);
});

test("settings that do not parse keep a daemon from beginning", parts, async (t) => {
  const { daemon, home } = await enrolledDaemon(t);
  await daemon.stop();
  await writeFile(join(home.path, "countersign.json"), '{ "unknown": 1 }');
  const refused = await run([DAEMON], { env: home.env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /unknown/);
  assert.equal(existsSync(daemon.socket), false);
});

test(
  "killed in the middle of a login: refused; root's commands go on in process",
  parts,
  async (t) => {
    const { daemon, home, phone, countersign } = await enrolledDaemon(t);
    const peer = await daemon.connect();
    peer.send(OPENING);
    assert.equal(await peer.line(), PROMPTED);
    await daemon.kill();
    assert.equal(await peer.rest(), "", "no verdict");
    await succeed(countersign, ["verify", "alice", "--code-stdin"], await phone.next());
    await succeed(countersign, ["audit", "verify"]);
    const next = await Daemon.start(t, home);
    assert.equal(await login(next.socket, await phone.next()), ACCEPTED);
  },
);

test("killed with a command's answer unread: the command refuses", parts, async (t) => {
  const { daemon, phone, countersign } = await enrolledDaemon(t);
  daemon.child.kill("SIGSTOP");
  const verifying = countersign(["verify", "alice", "--code-stdin"], { input: await phone.code() });
  await sleep(1_000);
  await daemon.kill();
  const { code, stderr } = await verifying;
  assert.equal(code, 5);
  assert.match(stderr, /^error: countersignd hung up before it was done\ntry: .*\n$/);
});
