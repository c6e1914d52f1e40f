import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "./parts.ts";
import { Terminal } from "./terminal.ts";

test("a command sees a terminal of 80 by 24, and is answered", needs("tmux"), async (t) => {
  const script = 'tty; stty size; printf "Name: "; read -r name; echo "It is $name."';
  const terminal = await Terminal.start(t, ["sh", "-c", script]);
  const asked = await terminal.shows("Name: ");
  assert.match(asked, /^\/dev\/pts\/\d+\n24 80\n/);
  await terminal.enter("-l; $(x) 'é'");
  await terminal.shows("It is -l; $(x) 'é'.");
});

test("keys are pressed, and what scrolled off is kept", needs("tmux"), async (t) => {
  const terminal = await Terminal.start(t, [
    "sh",
    "-c",
    'trap : INT; seq 100; cat; echo "it ended: $?"',
  ]);
  await terminal.shows(/^100$/m);
  assert.doesNotMatch(await terminal.screen(), /^7$/m);
  assert.match(await terminal.screen({ history: true }), /^7$/m);
  await terminal.press("C-c");
  await terminal.shows("it ended: 130");
});

test("colours can be looked at", needs("tmux"), async (t) => {
  const terminal = await Terminal.start(t, ["printf", "\\033[31mred\\033[0m"]);
  await terminal.shows("red");
  assert.ok((await terminal.screenInColour()).includes("\u001b[31mred"));
});

test("a screen that never comes is shown as it was", needs("tmux"), async (t) => {
  const terminal = await Terminal.start(t, ["sh", "-c", "echo other; exec cat"]);
  await terminal.shows("other");
  await assert.rejects(terminal.shows("wanted", 100), /never showed wanted:\nother/);
  await terminal.resize(100, 30);
});
