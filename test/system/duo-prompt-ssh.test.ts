/** The browser is elsewhere: a shell behind a real sshd, with the address pasted or by ssh -L. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { ROOT } from "../support/cli.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import { addressOn, DUO, DuoHost } from "./duo-host.ts";
import { freePort } from "./sshd-server.ts";

const KEY_ALONE = { sshd: "AuthenticationMethods publickey" };

test("over ssh: the address is shown, and the one it ended at pasted back", DUO, async (t) => {
  const host = await DuoHost.open(t, KEY_ALONE);
  for (const [button, status] of [
    ["approve", 0],
    ["deny", 1],
    ["leave", 1],
  ] as const) {
    const terminal = await host.ssh.start(host.ssh.ssh("-t bob@h", `${SANDBOX_CLI} duo prompt`));
    await terminal.shows("Paste the address the browser ended at:");
    const screen = await terminal.screen({ history: true });
    assert.match(screen, /^ssh -L (\d+):localhost:\1 \S+$/m);
    await terminal.enter(await host.press(addressOn(screen), button));
    await terminal.shows(new RegExp(`^ended: ${status}$`, "m"));
    assert.equal(/^accepted$/m.test(await terminal.screen()), status === 0);
  }
  assert.deepEqual(host.standIn.refused, []);
});

/** A machine of its own as far as the network goes: nothing of the host's localhost is on it. */
async function otherMachine(t: TestContext): Promise<readonly string[]> {
  const script = "ip link set lo up; echo ready; exec cat";
  const holder = spawn("unshare", ["-n", "sh", "-c", script], {
    env: MINIMAL_ENV,
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => holder.kill());
  await once(holder.stdout, "data");
  return ["nsenter", `--net=/proc/${holder.pid}/ns/net`, "--"];
}

test(
  "through ssh -L: the browser comes back by itself, to the port that was asked for",
  DUO,
  async (t) => {
    const host = await DuoHost.open(t, KEY_ALONE);
    const there = await otherMachine(t);
    const port = await freePort();
    // The tunnel begins on the other machine; ssh reaches sshd through a door into this one.
    const door = `ProxyCommand=nsenter --net=/proc/${process.pid}/ns/net ${process.execPath} ${ROOT}/test/system/programs/door.ts %p`;
    const [, duoPort = ""] = host.standIn.host.split(":");
    const forward = [port, duoPort].map((each) => `-L ${each}:localhost:${each}`).join(" ");
    const ssh = host.ssh.ssh(`-o '${door}'`, forward, "-t bob@h");
    const command = `${SANDBOX_CLI} duo prompt --callback-port ${port}`;
    const terminal = await host.ssh.start(`${there.join(" ")} ${ssh} ${command}`);
    await terminal.shows("Paste the address the browser ended at:");
    const screen = await terminal.screen({ history: true });
    assert.ok(screen.includes(`ssh -L ${port}:localhost:${port} `), screen);
    const address = addressOn(screen);
    assert.equal(await host.press(address, "approve", "follow", there), "200 Received");
    assert.match(await terminal.shows(/^ended: 0$/m), /^accepted$/m);
    assert.deepEqual(host.standIn.refused, []);
  },
);
