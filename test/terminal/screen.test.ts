import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";

const ENROLL = fileURLToPath(new URL("programs/enroll.ts", import.meta.url));

/** The card on a terminal that held something before; its process id is on the screen. */
async function enroll(t: TestContext, setup = "", ...args: string[]): Promise<Terminal> {
  const script = `${setup} echo before; "$@"; echo "status $?"; stty -a; cat`;
  return Terminal.start(t, ["sh", "-c", script, "sh", process.execPath, ENROLL, ...args]);
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
  const terminal = await enroll(t);
  const card = await terminal.shows("Verification code:");
  assert.match(card, /Key {6}GEZD/);
  await terminal.enter("123456");
  const screen = await isWiped(terminal);
  assert.match(screen, /ended, and 39 characters are gone\nstatus 0\n/);
});

test("the card is gone after Ctrl-C", needs("tmux"), async (t) => {
  const terminal = await enroll(t);
  await terminal.shows("Verification code:");
  await terminal.press("C-c");
  assert.match(await isWiped(terminal), /status 1\n/);
});

test("the card is gone after a fault", needs("tmux"), async (t) => {
  const terminal = await enroll(t, "", "throw");
  assert.match(await isWiped(terminal), /thrown on purpose/);
});

test("the card is gone after SIGTERM", needs("tmux"), async (t) => {
  // The shell's child is the one to be ended: its number is the shell's to tell.
  const terminal = await enroll(t, "trap : TERM; (sleep 1.5; pkill -TERM -P $$ node) &");
  await terminal.shows("Verification code:");
  assert.match(await isWiped(terminal), /status 143\n/);
});

test(
  "a terminal that cannot wipe is told so, and gets no escape sequence",
  needs("tmux"),
  async (t) => {
    const terminal = await enroll(t, "export TERM=dumb LC_ALL=C;");
    await terminal.shows("Verification code:");
    await terminal.enter("123456");
    const screen = await terminal.shows("stays visible");
    assert.match(screen, /No QR code: this needs 82 columns/);
  },
);
