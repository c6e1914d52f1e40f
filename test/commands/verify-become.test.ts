/** verify -- COMMAND: replaced in place, and the command finds the world as without us. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CLI } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { enrolledHome } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const oath = needs("oathtool");
const VERIFY = ["verify", "alice", "--code-stdin"];

/** Prints what a process inherits: signals, descriptors and how they block. */
const INHERITED = `
grep -E '^Sig(Ign|Blk)' /proc/self/status
for fd in /proc/self/fd/*; do echo "\${fd##*/}"; done
for fd in 0 1 2; do grep flags "/proc/self/fdinfo/$fd"; done
ulimit -a; umask; pwd`;

test("the process stays the same, and so do the arguments", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const odd = ["a b", "", "*", "$HOME", "--json", "--", "-x", "ä\n'\""];
  const script = 'echo $$; exec "$@"';
  const command = ["sh", "-c", 'echo $$; printf "<%s>" "$@"', "sh", ...odd];
  const ended = await run(["sh", "-c", script, "sh", CLI, ...VERIFY, "--", ...command], {
    env: home.env,
    input: await phone.next(),
  });
  const [before, after, ...words] = ended.stdout.split("\n");
  assert.match(before ?? "", /^\d+$/);
  assert.equal(after, before);
  assert.equal(words.join("\n"), odd.map((word) => `<${word}>`).join(""));
  assert.deepEqual([ended.stderr, ended.code], ["", 0]);
});

for (const flags of [[], ["--json"]]) {
  const name = `signals, descriptors and limits are the shell's own ${flags.join("")}`;
  test(name.trim(), oath, async (t) => {
    const { home, phone } = await enrolledHome(t);
    const command = ["sh", "-c", INHERITED];
    const options = { env: home.env, cwd: home.path, input: await phone.next() };
    const own = await run(command, options);
    const ours = await run([CLI, ...VERIFY, ...flags, "--", ...command], options);
    const [verdict = "", ...rest] = ours.stdout.split("\n");
    if (flags.length > 0) assert.equal(JSON.parse(verdict).verdict, "accept");
    assert.equal(flags.length > 0 ? rest.join("\n") : ours.stdout, own.stdout);
    assert.match(own.stdout, /SigIgn:\s0+\n/, "the shell ignores nothing");
    assert.deepEqual([ours.stderr, ours.code], [own.stderr, 0]);
  });
}

test("a pipeline ends when its reader does", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const script = `("${CLI}" ${VERIFY.join(" ")} -- yes; echo "$?" >&2) | head -n 1`;
  const options = { env: home.env, input: await phone.next(), timeout: 5_000 };
  const ended = await run(["sh", "-c", script], options);
  assert.deepEqual([ended.stdout, ended.stderr], ["y\n", "141\n"], "128 and SIGPIPE");
});

test("the exit status and the signal are the command's", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const become = async (script: string) => {
    const args = [...VERIFY, "--", "sh", "-c", script];
    return home.run(args, { input: await phone.next() });
  };
  assert.equal((await become("exit 7")).code, 7);
  assert.equal((await become("kill -KILL $$")).signal, "SIGKILL");
  assert.equal((await become("kill -TERM $$")).signal, "SIGTERM");
  const said = await become("echo out; echo err >&2");
  assert.deepEqual([said.stdout, said.stderr, said.code], ["out\n", "err\n", 0]);
});

test("the environment is handed on, but for what loads code into Node", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const env = { KEPT: "a b", LANG: "C", NODE_OPTIONS: "--throw-deprecation" };
  const args = [...VERIFY, "--", "sh", "-c", 'echo "$KEPT,$LANG,$NODE_OPTIONS"'];
  const { stdout } = await home.run(args, { env, input: await phone.next() });
  assert.equal(stdout, "a b,C,\n");
});

test("a refused code never runs it", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const mark = join(home.path, "mark");
  const command = ["--", "sh", "-c", `echo ran; touch "${mark}"`];
  for (const input of ["", await phone.wrong(), "x".repeat(100)]) {
    const ended = await home.run([...VERIFY, ...command], { input });
    assert.deepEqual([ended.stdout, ended.code], ["", 1]);
  }
  const unenrolled = ["verify", "bob", "--code-stdin", ...command];
  assert.equal((await home.run(unenrolled, { input: "123456" })).code, 3);
  assert.equal((await run(["test", "-e", mark])).code, 1);
  assert.equal((await home.run([...VERIFY, ...command], { input: await phone.next() })).code, 0);
  assert.equal((await run(["test", "-e", mark])).code, 0, "an accepted one does");
});

test("what cannot be run is refused before the code is spent", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const plain = join(home.path, "plain");
  await writeFile(plain, "echo run", { mode: 0o644 });
  const code = await phone.next();
  const become = (...command: string[]) => home.run([...VERIFY, "--", ...command], { input: code });
  assertFailure(await become("no-such-command"), 2, /no-such-command/);
  assertFailure(await become("./no-such-command"), 2, /no-such-command/);
  assertFailure(await become(plain), 2, /plain/);
  assertFailure(await become(home.path), 2, /countersign-test/);
  assertFailure(await become(""), 2, /there is no such command/);
  assertFailure(await become(), 2, /no command after --/);
  // A shell hands on bytes that are no UTF-8; Node would hand on others.
  const latin = `"${CLI}" ${VERIFY.join(" ")} -- echo "$(printf 'caf\\351')"`;
  assertFailure(
    await run(["sh", "-c", latin], { env: home.env, input: code }),
    2,
    /argument of the command is not UTF-8/,
  );
  assert.equal((await become("true")).code, 0, "the code is good still");
});

test("what the system cannot run is said in two lines", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const broken = join(home.path, "broken");
  await writeFile(broken, Buffer.from([0xff, 0xfe, 0]), { mode: 0o755 });
  const ended = await home.run([...VERIFY, "--", broken], { input: await phone.next() });
  assertFailure(ended, 2, /broken: cannot be run/);
});

test("what follows the code on standard input is the command's", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const input = `${await phone.next()}\nthe rest\nof it`;
  const ended = await home.run([...VERIFY, "--", "cat"], { input });
  assert.equal(ended.stdout, "the rest\nof it");
  assert.equal(ended.code, 0);
});
