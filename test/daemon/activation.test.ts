/** Begun by systemd, as far as a process can tell: the socket is handed over, readiness is told. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { enrolledHome } from "../commands/enrolled.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { activated } from "./activated.ts";
import { Daemon, until } from "./daemon.ts";
import { login } from "./peer.ts";

const ACCEPTED = "verdict accept user=alice method=totp";

/** Prints each datagram that comes to a socket. */
const HEAR = `
import socket, sys
hearing = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
hearing.bind(sys.argv[1].replace("@", "\\0", 1))
print("hearing", flush=True)
while True: print(hearing.recv(4096).decode(), flush=True)
`;

const parts = needs("oathtool", "python3");

test("the socket that was handed over is served, and left in its place", parts, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const path = join(await makeDirectory(t), "unit.socket");
  const daemon = await Daemon.start(t, home, activated(path));
  await daemon.says("the socket of its unit");
  assert.equal(await login(path, await phone.next()), ACCEPTED);
  assert.equal(existsSync(daemon.socket), false);
  assert.equal(await daemon.stop(), 0);
  assert.ok(existsSync(path), "it is its unit's");
});

test("descriptors handed to another process are none of ours", parts, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const path = join(await makeDirectory(t), "unit.socket");
  const daemon = await Daemon.start(t, home, activated(path, "1"));
  assert.equal(await login(daemon.socket, await phone.next()), ACCEPTED);
});

for (const kind of ["a path", "an abstract name"]) {
  test(`readiness and the end are told to ${kind}`, parts, async (t) => {
    const { home } = await enrolledHome(t);
    const path = join(await makeDirectory(t), "notify");
    const name = kind === "a path" ? path : `@${path}`;
    const ear = spawn("python3", ["-c", HEAR, name], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(async () => {
      const ended = once(ear, "exit");
      if (ear.kill()) await ended;
    });
    let heard = "";
    ear.stdout.on("data", (bytes) => {
      heard += bytes;
    });
    await until(() => heard === "hearing\n");
    const env = { ...home.env, NOTIFY_SOCKET: name };
    const daemon = await Daemon.start(t, { env, path: home.path });
    await until(() => heard === "hearing\nREADY=1\n");
    await daemon.stop();
    await until(() => heard === "hearing\nREADY=1\nSTOPPING=1\n");
  });
}
