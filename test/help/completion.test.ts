import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CLI, makeDirectory } from "../support/cli.ts";
import { lacks, needs } from "../support/parts.ts";
import { MINIMAL_ENV, PATH, run, runOrThrow } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";

/** A person's home with countersign in PATH, and completion set up as the man page says. */
async function setUp(t: TestContext, shell: string) {
  const home = await makeDirectory(t);
  mkdirSync(join(home, "bin"));
  symlinkSync(CLI, join(home, "bin/countersign"));
  const env = { ...MINIMAL_ENV, HOME: home, PATH: `${home}/bin:${PATH}` };
  await runOrThrow(["countersign", "autocomplete", shell], { env });
  const { stdout } = await runOrThrow(["countersign", "autocomplete", "script", shell], { env });
  writeFileSync(join(home, `.${shell}rc`), `PS1='ready> '\n${stdout}`);
  return { home, env };
}

test("completes commands and flags in bash", needs("bash", "tmux"), async (t) => {
  const { home, env } = await setUp(t, "bash");
  const terminal = await Terminal.start(t, ["bash", "--noprofile", "--rcfile", `${home}/.bashrc`], {
    env,
  });
  await terminal.shows("ready>");
  await terminal.type("countersign us\t");
  await terminal.shows("countersign user ");
  await terminal.type("unl\t");
  await terminal.shows("countersign user unlock ");
  await terminal.press("C-u");
  await terminal.type("countersign verify --code\t");
  await terminal.shows("countersign verify --code-stdin");
  await terminal.press("C-u");
  await terminal.type("countersign enroll --qr\t\t");
  await terminal.shows(/--qr\s+--qr-file/);
});

// Only where somebody has it: nothing else here needs a zsh.
test("completes commands in zsh", { skip: lacks("zsh") ?? lacks("tmux") ?? false }, async (t) => {
  const { env } = await setUp(t, "zsh");
  const terminal = await Terminal.start(t, ["zsh", "-d"], { env });
  await terminal.type("countersign us\t");
  await terminal.shows("countersign user");
});

test("writes beneath the cache directory alone, and only words of ours", async (t) => {
  const { home } = await setUp(t, "bash");
  assert.deepEqual(readdirSync(home).sort(), [".bashrc", ".cache", "bin"]);
  assert.deepEqual(readdirSync(join(home, ".cache")), ["countersign"]);
  const words = readFileSync(
    join(home, ".cache/countersign/autocomplete/functions/bash/countersign.bash"),
    "utf8",
  );
  assert.match(words, /^user:show --json$/m);
});

test("a home that cannot be written to is one line, and no stack trace", async (t) => {
  const home = await makeDirectory(t);
  writeFileSync(join(home, ".cache"), "in its place");
  const env = { ...MINIMAL_ENV, HOME: home };
  const { stderr, code } = await run([CLI, "autocomplete", "bash"], { env });
  assert.notEqual(code, 0);
  assert.doesNotMatch(stderr, /^\s+at /m);
});
