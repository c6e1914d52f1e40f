/** Whether a browser is started, and how: nobody's but the person's own, at this machine. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { hasBrowserHere, startBrowser } from "../../src/terminal/browser.ts";
import type { Environment } from "../../src/terminal/style.ts";
import { until } from "../daemon/daemon.ts";
import { makeDirectory } from "../support/cli.ts";

const URL_OF_DUO = "https://api-12345678.duosecurity.com/?request=a.b.c&x=%20$(id)";

const HERE: readonly [Environment, readonly number[], boolean][] = [
  [{ DISPLAY: ":0" }, [1000, 1000], true],
  [{ WAYLAND_DISPLAY: "wayland-0" }, [1000, 1000], true],
  [{ BROWSER: "firefox" }, [1000, 1000], true],
  [{}, [1000, 1000], false],
  [{ DISPLAY: "" }, [1000, 1000], false],
  [{ DISPLAY: ":0" }, [0, 0], false],
  [{ DISPLAY: ":0" }, [0, 1000], false],
  [{ DISPLAY: ":0" }, [1000, 0], false],
  [{ DISPLAY: ":0" }, [1000, 1001], false],
  [{ DISPLAY: ":0", SUDO_UID: "1000" }, [1001, 1001], false],
  [{ DISPLAY: ":0", DOAS_USER: "alice" }, [1001, 1001], false],
  [{ DISPLAY: ":10.0", SSH_CONNECTION: "a 1 b 22" }, [1000, 1000], false],
  [{ BROWSER: "firefox", SSH_TTY: "/dev/pts/1" }, [1000, 1000], false],
];

for (const [environment, uids, isHere] of HERE) {
  test(`a browser here, for ${uids} in ${JSON.stringify(environment)}: ${isHere}`, () => {
    assert.equal(hasBrowserHere(environment, uids), isHere);
  });
}

/** A browser that notes its arguments, and ends so. */
async function browser(t: TestContext, end: string): Promise<string> {
  const directory = await makeDirectory(t);
  const [script, noted] = [join(directory, "browser"), join(directory, "arguments")];
  const text = `#!/bin/sh\nprintf '%s\\n' "$@" > ${noted}.new\nmv ${noted}.new ${noted}\n${end}\n`;
  writeFileSync(script, text, { mode: 0o755 });
  const before = process.env.BROWSER;
  process.env.BROWSER = script;
  t.after(() => {
    if (before === undefined) delete process.env.BROWSER;
    else process.env.BROWSER = before;
  });
  return noted;
}

test("started with the address as its one argument, whatever a shell would make of it", async (t) => {
  const noted = await browser(t, "exit 0");
  assert.equal(await startBrowser(URL_OF_DUO), true);
  await until(() => existsSync(noted));
  assert.equal(readFileSync(noted, "utf8"), `${URL_OF_DUO}\n`);
});

test("one that goes on is started; one that fails is not", async (t) => {
  await browser(t, "exec sleep 2");
  assert.equal(await startBrowser(URL_OF_DUO), true);
  await browser(t, "exit 3");
  assert.equal(await startBrowser(URL_OF_DUO), false);
});

test("what is no web address is not opened", async (t) => {
  const noted = await browser(t, "exit 0");
  for (const url of ["file:///etc/passwd", "--version", "/bin/sh", "http://a", "https://", ""]) {
    assert.equal(await startBrowser(url), false, url);
  }
  assert.equal(existsSync(noted), false);
});
