import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readAnswer } from "../../src/core/answer.ts";
import { INPUT_MAX } from "../../src/terminal/standard-input.ts";
import { makeDirectory } from "../support/cli.ts";
import { run } from "../support/run.ts";

const ANSWER = fileURLToPath(new URL("programs/answer.ts", import.meta.url));
const END = { kind: "end-of-input" };
const text = (of: string) => ({ kind: "text", text: of });

async function replies(input: string | Uint8Array): Promise<unknown[]> {
  const { stdout, stderr } = await run([process.execPath, ANSWER], { input });
  assert.equal(stderr, "said[2J so\n");
  return JSON.parse(stdout);
}

test("a line each, ended by a line feed, a NUL, or nothing", async () => {
  assert.deepEqual(await replies("123456\n"), [text("123456"), END]);
  assert.deepEqual(await replies("123456"), [text("123456"), END]);
  assert.deepEqual(await replies("123456\0"), [text("123456"), END]);
  assert.deepEqual(await replies("123456\r\n654321\r\n"), [text("123456"), text("654321")]);
  assert.deepEqual(await replies("\n123456"), [text(""), text("123456")]);
});

test("no input at all is the end of input, and does not hang", async () => {
  assert.deepEqual(await replies(""), [END, END]);
  const closed = await run(["sh", "-c", '"$@" <&-', "sh", process.execPath, ANSWER]);
  assert.deepEqual(JSON.parse(closed.stdout), [END, END]);
  const folder = await run(["sh", "-c", '"$@" </', "sh", process.execPath, ANSWER]);
  assert.deepEqual(JSON.parse(folder.stdout), [END, END]);
});

test("the answer does not wait for the writer to close", async () => {
  const script = '(printf "123456\\n654321\\n"; exec sleep 30) | { "$@"; kill 0; }';
  const argv = ["setsid", "sh", "-c", script, "sh", process.execPath, ANSWER];
  const { stdout } = await run(argv, { timeout: 10_000 });
  assert.deepEqual(JSON.parse(stdout), [text("123456"), text("654321")]);
});

test("a non-blocking descriptor is waited for", async (t) => {
  // Written only once the first program, which would take it, is over: that may start late.
  const script = `{ until [ -e over ]; do sleep 0.02; done; sleep 0.3; echo 123456; } |
    { "$0" -e "$NONBLOCK" || exit 9; : > over; "$@"; }`;
  // The flag sits on the open file, so a program that ran before can leave it behind.
  const env = {
    PATH: process.env.PATH ?? "",
    NONBLOCK: "process.stdin.resume(); setTimeout(() => process.reallyExit(0), 50)",
  };
  const argv = ["sh", "-c", script, process.execPath, process.execPath, ANSWER];
  const { stdout } = await run(argv, { env, cwd: await makeDirectory(t) });
  assert.deepEqual(JSON.parse(stdout), [text("123456"), END]);
});

test("what is too long is refused whole", async () => {
  const [first, second] = await replies(`${"1".repeat(INPUT_MAX)}\n123456\n`);
  assert.deepEqual([first, second], [text("\ufffd"), END]);
  const [long] = (await replies("0".repeat(10 * INPUT_MAX))) as { text: string }[];
  assert.equal(readAnswer(long?.text ?? "").shape, "malformed");
});

test("what is not UTF-8, or holds a NUL, is no code", async () => {
  for (const input of [
    Buffer.from("123\xff456\n", "latin1"),
    Buffer.from("123456\xc3", "latin1"),
    Buffer.from("12\0 3456\n"),
    Buffer.from("\ufeff123456\n"),
    Buffer.from("123456\0\0"),
  ]) {
    const [reply] = (await replies(input)) as { kind: string; text: string }[];
    assert.equal(reply?.kind, "text");
    assert.equal(readAnswer(reply?.text ?? "").shape, "malformed", input.toString("hex"));
  }
});

test("only bytes that spell a code become one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 12 }), async (bytes) => {
      const [reply] = (await replies(bytes)) as { text?: string }[];
      const answer = readAnswer(reply?.text ?? "");
      if (answer.shape === "malformed") return;
      const line = Buffer.from(bytes).toString("latin1").split("\n")[0] ?? "";
      assert.match(line, /^[\x20-\x7e\t\r]+\0?\r?$/);
    }),
    { numRuns: 25 },
  );
});
