/** Inside PAM there is no browser and no port: the address is shown, and what it ended at pasted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOn, DUO, DuoHost } from "./duo-host.ts";

const MODULE = {
  sshd: "KbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive",
  pam: "auth required MODULE",
};

test(
  "sshd with pam_countersign: browser is answered, the address pasted, and in",
  DUO,
  async (t) => {
    const host = await DuoHost.open(t, MODULE);
    for (const [button, isIn] of [
      ["approve", true],
      ["deny", false],
    ] as const) {
      const terminal = await host.ssh.start(host.ssh.ssh("bob@h", "'echo in-$((40+2))'"));
      await terminal.shows(/Verification code \(or browser\):/);
      await terminal.enter("browser");
      await terminal.shows("Paste the address the browser ended at:");
      const screen = await terminal.screen({ history: true });
      assert.doesNotMatch(screen, /ssh -L/);
      await terminal.enter(await host.press(addressOn(screen), button));
      const last = await terminal.shows(/^ended: \d+$/m);
      assert.equal(/^in-42$/m.test(last), isIn, last);
      const verdict = isIn ? "accept" : "reject: denied";
      assert.equal(await host.ssh.host.lastVerdict(), verdict);
    }
  },
);

test("what is pasted in PAM may be wrong twice, and be right then", DUO, async (t) => {
  const host = await DuoHost.open(t, MODULE);
  const terminal = await host.ssh.start(host.ssh.ssh("bob@h", "'echo in-$((40+2))'"));
  await terminal.shows(/Verification code \(or browser\):/);
  await terminal.enter("browser");
  await terminal.shows("Paste the address the browser ended at:");
  const address = addressOn(await terminal.screen({ history: true }));
  await terminal.enter("http://localhost:1234/callback?state=a&duo_code=b");
  await terminal.shows(/that is not the address[\s\S]*Paste the address/);
  await terminal.enter(await host.press(address, "approve"));
  assert.match(await terminal.shows(/^ended: 0$/m), /^in-42$/m);
});
