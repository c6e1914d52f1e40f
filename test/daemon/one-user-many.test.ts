/** One user who opens all the connections they can: the others' logins go on. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { enroll } from "../commands/enrolled.ts";
import { needs } from "../support/parts.ts";
import { Host, SOCKET } from "./host.ts";

const parts = needs("root", "mount namespaces", "oathtool");

/** Opens a thousand connections, prints how many stay, and goes on opening ever more. */
const CROWD = `
  const [path] = process.argv.slice(1);
  const { connect } = require("node:net");
  let open = 0;
  const one = (bytes) => {
    const socket = connect(path, () => { open++; socket.write(bytes); });
    socket.on("error", () => {});
    socket.resume().once("close", () => { open--; });
    return socket;
  };
  for (let index = 0; index < 1000; index++) setTimeout(one, index, "countersign/1 ver");
  setTimeout(() => {
    console.log("open", open);
    setInterval(() => one("countersign/1 verify user=alice\\n"), 5);
  }, 3000);
`;

async function crowd(t: TestContext, host: Host): Promise<string> {
  const argv = host.sandbox.enter([process.execPath, "-e", CROWD, "--", SOCKET], "alice");
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    const ended = once(child, "exit");
    if (child.kill()) await ended;
  });
  const [line] = await once(child.stdout, "data");
  return String(line).trim();
}

test("a user has so many connections, and nobody else fewer for it", parts, async (t) => {
  const host = await Host.make(t);
  const { phone } = await enroll(host.as(), "bob");
  assert.equal(await crowd(t, host), "open 32");
  await sleep(500);
  for (let round = 0; round < 3; round++) {
    const opening = "countersign/1 verify user=bob";
    const since = performance.now();
    const lines = await host.speak("bob", opening, `answer ${await phone.next()}`);
    const took = performance.now() - since;
    assert.equal(lines[1], "verdict accept user=bob method=totp");
    assert.ok(took < 1_000, `it took ${took} ms`);
  }
});
