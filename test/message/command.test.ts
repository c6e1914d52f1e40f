/** Messages by a program of the host's: what it gets, and what it may do without harm. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openProgram } from "../../src/message/command.ts";
import type { Program } from "../../src/message/set-up.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";

const QUICK = { time: 300, grace: 200 };
const NUMBER = "+4915112345678";
const TEXT = "12345678 is your code.";

/** A program of one's own in a directory of its own, where it leaves what it was told. */
function program(t: TestContext, body: string, args: readonly string[] = ["--to={address}"]) {
  const directory = mkdtempSync(join(tmpdir(), "countersign-message-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "send");
  writeFileSync(file, `#!/bin/sh\nout=${directory}\n${body}\n`);
  chmodSync(file, 0o755);
  const told = (name: string): string => readFileSync(join(directory, name), "utf8");
  const made: Program = { file, args, check: () => undefined };
  return { program: made, told, has: (name: string) => existsSync(join(directory, name)) };
}

async function send(sender: Program, signal = new AbortController().signal): Promise<string> {
  const line = openProgram(sender, signal, QUICK);
  return line.send(NUMBER, TEXT).then(
    () => "sent",
    (error) => `${error.code}: ${error.message}`,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Ended, and not yet buried by whoever inherited it.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ended(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100 && isAlive(pid); tries++) await sleep(20);
  return !isAlive(pid);
}

test("a program gets the address as an argument, the text on standard input, and no more", async (t) => {
  process.env.HTTP_PROXY = "http://127.0.0.1:1";
  t.after(() => delete process.env.HTTP_PROXY);
  const body = `
    printf '%s|' "$@" > $out/args; cat > $out/text; env -u _ -u PWD -u SHLVL -u OLDPWD > $out/env
    pwd > $out/cwd; cut -d' ' -f5,6 /proc/$$/stat > $out/group
    echo $$ > $out/pid`;
  const { program: sender, told } = program(t, body, ["-x", "a;b $HOME", "--to={address}"]);
  assert.equal(await send(sender), "sent");
  assert.equal(told("args"), `-x|a;b $HOME|--to=${NUMBER}|`);
  assert.equal(told("text"), `${TEXT}\n`);
  assert.deepEqual(
    told("env")
      .trim()
      .split("\n")
      .map((each) => each.split("=")[0])
      .toSorted(),
    ["LANG", "PATH"],
  );
  assert.equal(told("cwd").trim(), "/");
  const pid = told("pid").trim();
  assert.equal(told("group").trim(), `${pid} ${pid}`);
});

test("a program that fails, is missing or is no program is told so", async (t) => {
  const failing = program(t, `echo ${NUMBER} ${TEXT} >&2; exit 3`).program;
  const error = "message-refused: the program that sends messages failed with status 3";
  assert.equal(await send(failing), error);
  assert.equal(
    await send(program(t, "kill -9 $$").program),
    "message-refused: the program that sends messages was ended by SIGKILL",
  );
  assert.match(
    await send({ ...failing, file: `${failing.file}-not` }),
    /^message-unreachable: the program that sends messages cannot be started \(ENOENT\)$/,
  );
  chmodSync(failing.file, 0o644);
  assert.match(await send(failing), /cannot be started \(EACCES\)$/);
  const check = (): never => {
    throw new Error("untrusted");
  };
  assert.throws(
    () => openProgram({ ...failing, check }, new AbortController().signal),
    /untrusted/,
  );
});

test("megabytes that a program prints go nowhere", async (t) => {
  const loud = "head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2";
  const before = process.memoryUsage().rss;
  const line = openProgram(program(t, loud).program, new AbortController().signal);
  await line.send(NUMBER, TEXT);
  assert.ok(process.memoryUsage().rss - before < 20_000_000);
});

test("a program that reads nothing is not waited for", async (t) => {
  assert.equal(await send(program(t, "exec <&-; exit 0").program), "sent");
});

const LATE = "message-refused: the program that sends messages took too long and was ended";

test("a program that hangs is ended, and what it started with it", async (t) => {
  const hanging = program(t, "sleep 60 & echo $! > $out/child; echo $$ > $out/pid; wait");
  assert.equal(await send(hanging.program), LATE);
  assert.ok(await ended(Number(hanging.told("pid"))));
  assert.ok(await ended(Number(hanging.told("child"))));
});

test("a program that will not end is made to", async (t) => {
  const stubborn = program(t, "trap '' TERM; echo $$ > $out/pid; while :; do sleep 1; done");
  assert.equal(await send(stubborn.program), LATE);
  assert.ok(await ended(Number(stubborn.told("pid"))));
});

test("what a program leaves behind neither holds anybody up nor stays", async (t) => {
  const forking = program(t, "sleep 60 & echo $! > $out/child; exit 0");
  assert.equal(await send(forking.program), "sent");
  assert.ok(await ended(Number(forking.told("child"))));
});

test("one that nobody waits for any more is ended at once", async (t) => {
  const gone = new AbortController();
  const slow = program(t, "trap '' TERM; echo $$ > $out/pid; sleep 60");
  const sending = send(slow.program, gone.signal);
  while (!slow.has("pid")) await sleep(5);
  await sleep(5);
  gone.abort();
  assert.notEqual(await sending, "sent");
  assert.ok(await ended(Number(slow.told("pid"))));

  const closed = program(t, "echo $$ > $out/pid; sleep 60");
  const line = openProgram(closed.program, new AbortController().signal);
  const left = line.send(NUMBER, TEXT).catch(() => "ended");
  while (!closed.has("pid")) await sleep(5);
  await sleep(5);
  line.close();
  assert.equal(await left, "ended");
  assert.ok(await ended(Number(closed.told("pid"))));
});

test("who has no address starts a program that does nothing", async (t) => {
  const { program: sender, has } = program(t, "touch $out/ran");
  await openProgram(sender, new AbortController().signal).pretend(TEXT);
  assert.ok(!has("ran"));
});

const STARTS = `
  const { openProgram } = await import(process.argv[1] + "/src/message/command.ts");
  const acts = process.argv[3] === "acting";
  if (acts) process.setegid(65534);
  if (acts) process.seteuid(65534);
  const program = { file: process.argv[2], args: [], check() {} };
  await openProgram(program, new AbortController().signal).send("+491234567", "x");
  console.log(process.geteuid(), process.getuid());`;

function start(file: string, how: "acting" | "itself", shell: string) {
  const root = join(import.meta.dirname, "../..");
  const node = [process.execPath, "--input-type=module", "-e", STARTS, root, file, how];
  return run(["sh", "-c", `${shell} exec "$@"`, "sh", ...node]);
}

test("root that acts as another user starts it as that user in all", needs("root"), async (t) => {
  const body = 'while read -r line; do echo "$line"; done < /proc/$$/status > $out/status';
  const { program: sender, told } = program(t, body);
  chmodSync(join(sender.file, ".."), 0o777);
  const ended = await start(sender.file, "acting", "");
  assert.equal(ended.stdout.trim(), "65534 0", ended.stderr);
  const id = "65534\t65534\t65534\t65534";
  assert.match(told("status"), new RegExp(`^Uid:\t${id}\nGid:\t${id}$`, "m"));
  assert.match(told("status"), /^Groups:\s*$/m);
});

test("no descriptor that this process was given goes on to it", async (t) => {
  const { program: sender, told } = program(t, "ls -l /proc/$$/fd > $out/open");
  const ended = await start(sender.file, "itself", "exec 3</dev/zero 4</dev/zero 5</dev/zero;");
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(told("open"), / 0 -> socket/);
  assert.doesNotMatch(told("open"), /zero/);
});
