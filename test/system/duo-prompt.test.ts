/**
 * The whole way as a person has it: countersign opens Chromium by itself, a button is pressed
 * on the page of the stand-in for Duo, and the browser brings the answer back.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../daemon/daemon.ts";
import { Browser } from "../support/browser.ts";
import { SANDBOX_CLI } from "../support/sandbox.ts";
import type { Terminal } from "../support/terminal.ts";
import { addressOn, DUO, DuoHost } from "./duo-host.ts";

const WRAPPER = "/opt/browser";
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  ...["--no-first-run", "--no-proxy-server", "--disable-background-networking"],
  ...["--disable-component-update", "--remote-debugging-port=0"],
].join(" ");

/** bob at this machine, whose browser is Chromium; what it was started with is noted. */
async function desk(t: TestContext) {
  const host = await DuoHost.open(t, { sshd: "" });
  const { sandbox } = host.ssh.host;
  const folder = await mkdtemp(join(tmpdir(), "countersign-browser-"));
  const profile = join(folder, "profile");
  t.after(() => clear(folder));
  const trust = `--ignore-certificate-errors-spki-list=${host.certificates.spki}`;
  const script = `#!/bin/sh
printf '%s\\n' "$@" > ${profile}/arguments
cut -d' ' -f5 /proc/$$/stat > ${profile}/group
streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2; cut -d' ' -f7 /proc/$$/stat)
echo "$streams" > ${profile}/streams
exec chromium ${FLAGS} --user-data-dir=${profile} ${trust} "$@"
`;
  await sandbox.sh(`cat > ${WRAPPER} && chmod 755 ${WRAPPER}`, { input: script });
  await sandbox.sh(`chmod 755 ${folder}; install -d -o bob ${profile}`);
  const start = (...args: string[]): Promise<Terminal> =>
    host.atDesk(["sh", "-c", '"$@"; echo "ended: $?"', "sh", SANDBOX_CLI, ...args], {
      BROWSER: WRAPPER,
    });
  const noted = (name: string) => sandbox.sh(`cat ${profile}/${name}`);
  return { host, profile, start, noted };
}

/**
 * Ends the browser, whatever became of the test, before its files go: with all its group, for
 * whoever opened it would take its death for a failure and start it once more.
 */
async function clear(folder: string): Promise<void> {
  const group = Number(await readFile(join(folder, "profile/group"), "utf8").catch(() => ""));
  if (group > 1 && existsSync(`/proc/${group}`)) process.kill(-group, "SIGKILL");
  await until(() => !existsSync(`/proc/${group}`));
  // Its children may be writing a moment longer.
  await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
}

test(
  "verify, answered browser: Chromium is opened, approve is pressed, accepted",
  DUO,
  async (t) => {
    const { host, profile, start, noted } = await desk(t);
    const terminal = await start("verify");
    await terminal.shows(/Verification code \(or browser\):/);
    await terminal.enter("browser");
    const browser = await Browser.meet(t, profile);
    await browser.shows("#approve");
    const screen = await terminal.shows("Paste the address the browser ended at:");
    assert.match(screen, /A browser is opening/);
    assert.doesNotMatch(screen, /ssh -L/);
    assert.equal(await noted("arguments"), `${addressOn(screen)}\n`);
    // Nothing of it is on this terminal, nor can it be stopped by a key there.
    assert.equal(await noted("streams"), `${"/dev/null\n".repeat(3)}0\n`);
    await browser.press("#approve");
    await browser.shows("h1");
    assert.equal(await browser.evaluate("document.querySelector('h1').innerText"), "Received");
    const url = String(await browser.evaluate("location.href"));
    assert.match(url, /^http:\/\/localhost:6[1-5]\d{3}\/received$/);
    assert.match(await terminal.shows(/^ended: 0$/m), /^accepted$/m);
    assert.deepEqual(host.standIn.refused, []);
    // To be looked at: a folder for them.
    const pictures = process.env.COUNTERSIGN_TEST_PICTURES;
    for (const scheme of ["light", "dark"] as const) {
      if (!pictures) break;
      await browser.look({ width: 1024, height: 640, scheme });
      await browser.picture(join(pictures, `received-${scheme}.png`));
    }
  },
);

test("duo prompt, and deny is pressed: refused, with exit status 1", DUO, async (t) => {
  const { profile, start } = await desk(t);
  const terminal = await start("duo", "prompt", "--json", "--callback-port", "20443");
  const browser = await Browser.meet(t, profile);
  await browser.shows("#deny");
  await browser.press("#deny");
  assert.equal(await browser.evaluate("document.querySelector('h1').innerText"), "Received");
  assert.equal(await browser.evaluate("location.port"), "20443");
  const screen = await terminal.shows(/^ended: 1$/m);
  assert.match(screen, /^\{"verdict":"reject","user":"bob","method":"duo-prompt"\}$/m);
  assert.doesNotMatch(screen, /accepted/);
});

test("no browser that opens: the address and the paste are there all the same", DUO, async (t) => {
  const host = await DuoHost.open(t, { sshd: "" });
  for (const [env, told] of [
    [{ BROWSER: "/bin/false" }, /^Cannot open a browser here/m],
    [{ BROWSER: "/nonexistent" }, /^Cannot open a browser here/m],
    [{}, /^Open this address/m],
    [{ BROWSER: "/bin/false", SUDO_USER: "carol" }, /^Open this address/m],
    [{ BROWSER: "/bin/false", SSH_CONNECTION: "a b c d", DISPLAY: ":9" }, /^ssh -L 6\d{4}:/m],
  ] as const) {
    const argv = ["sh", "-c", '"$@"; echo "ended: $?"', "sh", SANDBOX_CLI, "duo", "prompt"];
    const terminal = await host.atDesk(argv, env);
    const screen = await terminal.shows("Paste the address the browser ended at:");
    assert.match(screen, told);
    await terminal.enter(await host.press(addressOn(screen), "approve"));
    await terminal.shows(/^ended: 0$/m);
  }
});
