/** A real sshd, and a real ssh, behind which a push is approved, denied or given up. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { until } from "../daemon/daemon.ts";
import { needs } from "../support/parts.ts";
import { DuoDesk } from "./duo-desk.ts";
import { SSH, SshHost } from "./ssh-host.ts";

const PARTS = { ...SSH, ...needs("openssl") };
const WAY = {
  sshd: `KbdInteractiveAuthentication yes
AuthenticationMethods publickey,keyboard-interactive
LoginGraceTime 8`,
  pam: "auth required MODULE\nauth required pam_permit.so",
};

async function opened(t: TestContext) {
  const ssh = await SshHost.open(t, WAY);
  const desk = await DuoDesk.open(t, ssh.host);
  /** At the prompt, answered. */
  const start = async (typed = "push", user = "bob") => {
    const screen = await ssh.start(ssh.ssh(`${user}@h`, "'echo in-$((40+2)) as $(id -un)'"));
    await screen.shows(/Verification code \(or push\):/);
    await screen.enter(typed);
    return screen;
  };
  const ended = async (screen: Awaited<ReturnType<typeof start>>) => {
    const last = await screen.shows(/^ended: \d+$/m, 30_000);
    assert.equal(/^in-42 as \w+$/m.test(last), /^ended: 0$/m.test(last), last);
    return /^ended: 0$/m.test(last);
  };
  return { ssh, host: ssh.host, desk, start, ended };
}

test("a push that is approved logs in; one that is not does not", PARTS, async (t) => {
  const { host, desk, start, ended } = await opened(t);
  desk.at("bob", {});
  const screen = await start();
  await until(() => desk.pushes === 1);
  desk.standIn.account.answer("bob", "allow");
  assert.equal(await ended(screen), true);
  assert.equal(await host.lastVerdict(), "accept");
  const name = (await host.sandbox.sh("hostname")).trim();
  const { tty, ...shown } = desk.shown;
  assert.deepEqual(shown, { service: "sshd", host: name, from: "127.0.0.1" });
  for (const [answer, reason] of [
    ["deny", "denied"],
    ["timeout", "timed-out"],
  ] as const) {
    desk.at("bob", { answer });
    assert.equal(await ended(await start()), false, answer);
    assert.equal(await host.lastVerdict(), `reject: ${reason}`);
  }
  assert.equal(desk.pushes, 3);
});

test(
  "the code of a verified push, and Duo's enrollment address, are seen in time",
  PARTS,
  async (t) => {
    const { host, desk, start, ended } = await opened(t);
    for (const toldBy of ["preauth", "status"] as const) {
      desk.at("bob", { verified: { code: "376", toldBy } });
      const screen = await start();
      await screen.shows(/Enter 376 in Duo Mobile.*, then press Enter:/);
      desk.standIn.account.answer("bob", "allow");
      await screen.press("Enter");
      assert.equal(await ended(screen), true, toldBy);
    }
    assert.equal(desk.pushes, 2);
    await host.sandbox.addUser("carol");
    await host.sandbox.sh(
      "install -d -o carol /home/carol/.ssh; cp /root/key.pub /home/carol/.ssh/authorized_keys",
    );
    const screen = await start("push", "carol");
    await screen.shows(
      /https:\/\/api-00000000\.duosecurity\.com\/portal\?code=\w+[\s\S]*then press Enter:/,
    );
    desk.at("carol", { answer: "allow" });
    await screen.press("Enter");
    assert.equal(await ended(screen), true);
    assert.equal(desk.pushes, 3);
  },
);

test("Ctrl-C ends the login, and the push is recorded as refused", PARTS, async (t) => {
  const { host, desk, start } = await opened(t);
  desk.at("bob", {});
  const screen = await start();
  await until(() => desk.pushes === 1);
  await screen.press("C-c");
  assert.doesNotMatch(await screen.shows(/^ended: (?!0$)\d+$/m), /in-42/);
  // sshd hears of it only once it gives up (LoginGraceTime), and then ends PAM's process.
  await until(async () => /^reject: (cancelled|end-of-input)$/.test(await host.lastVerdict()));
  desk.standIn.account.answer("bob", "allow");
  assert.match(await host.lastVerdict(), /^reject: /);
  assert.equal(desk.pushes, 1);
});
