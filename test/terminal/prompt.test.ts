import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";

const ASK = fileURLToPath(new URL("programs/ask.ts", import.meta.url));

/** A question standing at a real terminal, with `stty -a` to follow. */
async function ask(t: TestContext, ...args: string[]) {
  const file = join(await makeDirectory(t), "reply");
  const script = `"$@"; echo "status $?"; stty -a; cat`;
  const [visibility = "hidden", ...rest] = args;
  const argv = [process.execPath, ASK, visibility, file, ...rest];
  const terminal = await Terminal.start(t, ["sh", "-c", script, "sh", ...argv]);
  await terminal.shows("Question:");
  return {
    terminal,
    pid: Number(readFileSync(`${file}.pid`, "utf8")),
    /** The reply, once the terminal is seen to be as it was. */
    async reply(): Promise<unknown> {
      const screen = await terminal.shows(/ echoe /);
      for (const mode of ["icanon", "isig", "echo", "icrnl", "ixon"]) {
        assert.match(screen, new RegExp(`[ \\n]${mode}\\b`), `${mode} is on again`);
      }
      return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
    },
    async replyFile(): Promise<unknown> {
      for (let i = 0; i < 200 && !existsSync(file); i++) await sleep(25);
      return JSON.parse(readFileSync(file, "utf8"));
    },
  };
}

test("an answer is shown by prompt, with editing", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t, "shown");
  await terminal.type("123x");
  await terminal.press("BSpace", "Left", "C-z");
  await terminal.type("456");
  await terminal.shows("Question: 123456\n");
  await terminal.press("Enter");
  assert.deepEqual(await reply(), { kind: "text", text: "123456" });
});

test("an answer is not shown by promptSecret", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t, "hidden");
  await terminal.enter("123456");
  assert.deepEqual(await reply(), { kind: "text", text: "123456" });
  assert.doesNotMatch(await terminal.screen({ history: true }), /123|456/);
});

test("Ctrl-C cancels, on a line of its own", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t);
  await terminal.type("123456");
  await terminal.press("C-c");
  assert.deepEqual(await reply(), { kind: "cancelled" });
  assert.match(await terminal.screen(), /Question:\nstatus 0\n/);
});

test("Ctrl-D ends an empty line", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t);
  await terminal.press("C-d");
  assert.deepEqual(await reply(), { kind: "end-of-input" });
});

test("the time limit ends the question", needs("tmux"), async (t) => {
  const { reply } = await ask(t, "hidden", "400");
  assert.deepEqual(await reply(), { kind: "timed-out" });
});

test("a megabyte is bounded and no valid answer", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t, "shown");
  const piece = "7".repeat(8_192);
  for (let i = 0; i < 128; i++) await terminal.type(piece);
  await terminal.press("Enter");
  assert.deepEqual(await reply(), { kind: "text", text: `${"7".repeat(2048)}\ufffd` });
  // The long line did not wrap: it stands on one row.
  assert.match(await terminal.screen(), /^Question: 7{60,69}\ufffd?\nstatus 0\n/);
});

test("a pasted line is taken without its markers", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t);
  await terminal.type("\u001b[200~123 456\u001b[201~");
  await terminal.press("Enter");
  assert.deepEqual(await reply(), { kind: "text", text: "123 456" });
});

test("a question that was stopped stands there again when it goes on", needs("tmux"), async (t) => {
  const { terminal, reply, pid } = await ask(t, "shown");
  await terminal.type("12");
  await terminal.shows("Question: 12\n");
  process.kill(pid, "SIGCONT");
  await terminal.type("3");
  await terminal.shows(/^Question: 123\n/);
  await terminal.press("Enter");
  assert.deepEqual(await reply(), { kind: "text", text: "123" });
});

test("SIGINT from elsewhere cancels, as the key does", needs("tmux"), async (t) => {
  const { reply, pid } = await ask(t);
  process.kill(pid, "SIGINT");
  assert.deepEqual(await reply(), { kind: "cancelled" });
});

test("SIGTERM gives the terminal back and is not swallowed", needs("tmux"), async (t) => {
  const { terminal, reply, pid } = await ask(t);
  process.kill(pid, "SIGTERM");
  assert.equal(await reply(), undefined);
  assert.match(await terminal.screen(), /status 143\n/);
});

test("a throw elsewhere gives the terminal back", needs("tmux"), async (t) => {
  const { terminal, reply } = await ask(t, "hidden", "0", "throw");
  assert.equal(await reply(), undefined);
  assert.match(await terminal.screen(), /status 1\n/);
});

test("a terminal that hangs up is the end of input", needs("tmux"), async (t) => {
  const { terminal, replyFile } = await ask(t);
  await terminal.close();
  assert.deepEqual(await replyFile(), { kind: "end-of-input" });
});

test("without a terminal it is a fault with a hint", needs("setsid"), async (t) => {
  const file = join(await makeDirectory(t), "reply");
  const argv = ["setsid", "--wait", process.execPath, ASK, "hidden", file];
  const { code, stderr } = await run(argv);
  assert.equal(code, 1);
  assert.match(stderr, /code: 'no-terminal'/);
  assert.match(stderr, /hint: '.*--code-stdin'/);
});
