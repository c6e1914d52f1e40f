/** verify reads standard input of every kind, and takes nothing but one whole line for a code. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CLI, type Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { enrolledHome, type Phone } from "./enrolled.ts";

const oath = needs("oathtool");

/** Exit statuses of what is written around one good code, each with a code of its own. */
async function judge(home: Home, phone: Phone, form: (code: string) => string | Uint8Array) {
  const input = form(await phone.next());
  return (await home.run(["verify", "alice", "--code-stdin"], { input })).code;
}

const ACCEPTED: Readonly<Record<string, (code: string) => string>> = {
  "no line feed": (code) => code,
  "a line feed": (code) => `${code}\n`,
  "a carriage return and a line feed": (code) => `${code}\r\n`,
  "a NUL behind it, as pam_exec writes": (code) => `${code}\0`,
  "a second line": (code) => `${code}\nsecond\n`,
  "a megabyte behind its line": (code) => `${code}\n${"x".repeat(1_000_000)}`,
};

const REFUSED: Readonly<Record<string, (code: string) => string | Uint8Array>> = {
  nothing: () => "",
  "an empty line": () => "\n",
  "a code on the second line": (code) => `\n${code}\n`,
  "a NUL inside": (code) => `${code.slice(0, 3)}\0${code.slice(3)}\n`,
  "a NUL in front": (code) => `\0${code}\n`,
  "a megabyte in one line": () => "1".repeat(1_000_000),
  "a code and then a megabyte in one line": (code) => `${code}${" ".repeat(1_000_000)}\n`,
  "a megabyte in front of it": (code) => `${" ".repeat(1_000_000)}${code}\n`,
  "bytes that are not UTF-8": (code) => Buffer.concat([Buffer.from([0xff]), Buffer.from(code)]),
  "full-width digits": (code) =>
    code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  "a zero-width space inside": (code) => `${code.slice(0, 3)}\u200b${code.slice(3)}`,
};

test("a whole line is a code", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  for (const [name, form] of Object.entries(ACCEPTED)) {
    assert.equal(await judge(home, phone, form), 0, name);
  }
});

test("nothing else is", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  await home.run(["config", "set", "throttle.freeFailures", "100"]);
  for (const [name, form] of Object.entries(REFUSED)) {
    assert.equal(await judge(home, phone, form), 1, name);
  }
  assert.equal(await judge(home, phone, (code) => code), 0, "a plain code is good still");
});

test("standard input that is closed or is no stream ends in a refusal", oath, async (t) => {
  const { home } = await enrolledHome(t);
  const verify = `"${CLI}" verify alice --code-stdin`;
  for (const redirection of ["<&-", "</", "</dev/null", "<&- >&-"]) {
    const ended = await run(["sh", "-c", `${verify} ${redirection}`], { env: home.env });
    assert.equal(ended.code, 1, redirection);
    assert.equal(ended.stdout, "", redirection);
    assert.equal(ended.stderr, "error: verification failed\n", redirection);
  }
});

test("a file and a slow pipe are read to the end of the line", oath, async (t) => {
  const { home, phone } = await enrolledHome(t);
  const file = join(home.path, "answer");
  await writeFile(file, `${await phone.next()}\n`, { mode: 0o600 });
  const verify = `"${CLI}" verify alice --code-stdin`;
  const fromFile = await run(["sh", "-c", `${verify} <"$1"`, "sh", file], { env: home.env });
  assert.equal(fromFile.code, 0);
  await writeFile(file, await phone.next());
  // The pipe stays open behind the line: nothing beyond it is waited for.
  const slow = `(head -c 3 "$1"; sleep 0.3; tail -c 3 "$1"; echo; sleep 5) | { ${verify}; echo "ended $?"; kill -- -$$; }`;
  const before = Date.now();
  const ended = await run(["sh", "-c", slow, "sh", file], { env: home.env });
  assert.equal(ended.stdout, "ended 0\n");
  assert.ok(Date.now() - before < 5_000);
});
