import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";

const ENROLL = fileURLToPath(new URL("programs/enroll.ts", import.meta.url));

/** The card on a terminal that held something before, and how to end its process. */
async function enroll(t: TestContext, setup = "", ...args: string[]) {
  const file = join(await makeDirectory(t), "pid");
  const child = `sh -c 'echo $$ >"$0"; exec "$@"' "$@"`;
  const script = `${setup} echo before; ${child}; echo "status $?"; stty -a; cat`;
  const argv = ["sh", "-c", script, "sh", file, process.execPath, ENROLL, ...args];
  const terminal = await Terminal.start(t, argv);
  return {
    terminal,
    kill: (signal: NodeJS.Signals) => process.kill(Number(readFileSync(file, "utf8")), signal),
  };
}

/** Neither the key nor the drawing is anywhere on the screen or above it. */
async function isWiped(terminal: Terminal): Promise<string> {
  const screen = await terminal.shows(/ echoe /);
  const all = await terminal.screen({ history: true });
  assert.doesNotMatch(all, /GEZD|GNBV|QOJQ|[█▀▄]/);
  assert.match(all, /^before\n/);
  assert.match(screen, /[ \n]echo\b/);
  return screen;
}

test("the card is gone after the answer", needs("tmux"), async (t) => {
  const { terminal } = await enroll(t);
  const card = await terminal.shows("Verification code:");
  assert.match(card, /Key {6}GEZD/);
  await terminal.enter("123456");
  const screen = await isWiped(terminal);
  assert.match(screen, /ended, and 39 characters are gone\nstatus 0\n/);
});

test("the card is gone after Ctrl-C", needs("tmux"), async (t) => {
  const { terminal } = await enroll(t);
  await terminal.shows("Verification code:");
  await terminal.press("C-c");
  assert.match(await isWiped(terminal), /status 1\n/);
});

test("the card is gone after a fault", needs("tmux"), async (t) => {
  const { terminal } = await enroll(t, "", "throw");
  assert.match(await isWiped(terminal), /thrown on purpose/);
});

test("the card is gone after SIGTERM", needs("tmux"), async (t) => {
  const { terminal, kill } = await enroll(t);
  await terminal.shows("Verification code:");
  kill("SIGTERM");
  assert.match(await isWiped(terminal), /status 143\n/);
});

test(
  "a terminal that cannot wipe is told so, and gets no escape sequence",
  needs("tmux"),
  async (t) => {
    const { terminal } = await enroll(t, "export TERM=dumb LC_ALL=C;");
    await terminal.shows("Verification code:");
    await terminal.enter("123456");
    const screen = await terminal.shows("stays visible");
    assert.match(screen, /No QR code: this needs 82 columns/);
  },
);
