/** Output as pipes and terminals get it: no escapes, no word when the reader leaves, 80 columns. */
import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CLI, Home, makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";
import { succeed } from "./enrolled.ts";

/** A home with many users, whose names are long. */
async function makeCrowd(t: Parameters<typeof Home.make>[0], count: number): Promise<Home> {
  const home = await Home.make(t);
  await succeed(home.run.bind(home), ["init"]);
  const store = new DatabaseSync(join(home.path, "store.db"));
  store.exec("BEGIN");
  const insert = store.prepare(
    "INSERT INTO accounts (name, throttle_key, created_at) VALUES (?1, ?1, 0)",
  );
  for (let user = 0; user < count; user++) insert.run(`user-${user}-${"x".repeat(60)}`);
  store.exec("COMMIT");
  store.close();
  return home;
}

test("a reader that leaves is no error", async (t) => {
  const home = await makeCrowd(t, 3000);
  for (const line of ["user list --json", "user list", "config list", "demo"]) {
    const script = `{ "${CLI}" ${line}; echo "ended $?" >&2; } | head -c 1`;
    const { stdout, stderr } = await run(["sh", "-c", script], { env: home.env });
    assert.equal(stdout.length, 1, line);
    assert.match(stderr, /^ended \d+\n$/, line);
  }
});

test("the whole list is one document, however long", async (t) => {
  const home = await makeCrowd(t, 3000);
  const listed = JSON.parse(await succeed(home.run.bind(home), ["user", "list", "--json"]));
  assert.equal(listed.length, 3000);
});

test("a pipe gets no escapes, and whole names", async (t) => {
  const home = await makeCrowd(t, 2);
  await home.run(["enroll", "alice", "--begin"]);
  for (const line of ["user list", "user show alice", "audit list", "config list", "status"]) {
    const out = await succeed(home.run.bind(home), line.split(" "));
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f]/, line);
    assert.doesNotMatch(out, /…/, line);
  }
});

test("a terminal of 80 columns holds every line", needs("tmux"), async (t) => {
  const home = await makeCrowd(t, 2);
  await home.run(["enroll", "alice", "--begin"]);
  for (const line of ["user list", "user show alice", "audit list", "config list", "status"]) {
    const argv = [CLI, ...line.split(" ")];
    // In a wider terminal that claims 80, a line that is too long shows itself.
    const narrow = 'stty cols 80; "$@"; echo "ended"; exec cat';
    const options = { env: home.env, columns: 160, rows: 60 };
    const terminal = await Terminal.start(t, ["sh", "-c", narrow, "sh", ...argv], options);
    const screen = await terminal.shows(/^ended$/m);
    const longest = Math.max(...screen.split("\n").map((text) => [...text].length));
    assert.ok(longest <= 80, `${line}: ${longest} columns`);
    await terminal.close();
  }
});

test("the demo plays a whole life in a pipe, and leaves nothing", async (t) => {
  const temporary = await makeDirectory(t);
  const home = await Home.make(t);
  const env = { TMPDIR: temporary, NO_COLOR: "1" };
  const ended = await home.run(["demo"], { env });
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  assert.doesNotMatch(ended.stdout, /\u001b/);
  const verdicts = ended.stdout.match(/^ {2}(accept|reject|throttled)\b/gm)?.map((v) => v.trim());
  assert.deepEqual(verdicts?.slice(0, 5), ["reject", "accept", "reject", "accept", "reject"]);
  assert.equal(verdicts?.at(-1), "throttled");
  assert.match(ended.stdout, /\d+ events, none changed/);
  assert.deepEqual([await readdir(temporary), await readdir(home.path)], [[], []]);
});

for (const signal of ["TERM", "INT", "HUP"]) {
  test(`the demo ended by SIG${signal} leaves nothing`, needs("tmux"), async (t) => {
    const temporary = await makeDirectory(t);
    const home = await Home.make(t);
    const env = { ...home.env, TMPDIR: temporary };
    const script =
      'sh -c \'echo $$ > "$1"; shift; exec "$@"\' sh "$@"; echo "ended $?"; stty -a; exec cat';
    const pid = join(home.path, "pid");
    const argv = ["sh", "-c", script, "sh", pid, CLI, "demo"];
    const terminal = await Terminal.start(t, argv, { env, rows: 50 });
    await terminal.shows("Code from the app:");
    assert.equal((await readdir(temporary)).length, 1);
    const { stdout } = await run(["cat", pid]);
    await run(["kill", `-${signal}`, stdout.trim()]);
    // The cursor was left behind the question.
    await terminal.shows(/ended \d+$/m);
    assert.match(await terminal.shows(/\becho\b/), / icanon/);
    for (let wait = 0; wait < 40 && (await readdir(temporary)).length > 0; wait++) await sleep(25);
    assert.deepEqual(await readdir(temporary), []);
  });
}

test("at a terminal Enter plays the phone", needs("tmux"), async (t) => {
  const temporary = await makeDirectory(t);
  const home = await Home.make(t);
  const env = { ...home.env, TMPDIR: temporary };
  const terminal = await Terminal.start(t, ["sh", "-c", `"${CLI}" demo; echo "it ended: $?"`], {
    env,
    rows: 80,
  });
  await terminal.shows("Code from the app:");
  await terminal.press("Enter");
  const screen = await terminal.shows(/none changed/);
  assert.match(screen, /throttled/);
  await terminal.shows("it ended: 0");
  assert.deepEqual(await readdir(temporary), []);
  assert.ok((await stat(temporary)).isDirectory());
});
