import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COMMANDS } from "../../src/commands/index.ts";
import { checkLine } from "../man/invocations.ts";
import { CLI, ROOT } from "../support/cli.ts";
import { run } from "../support/run.ts";

const FOLDER = join(ROOT, "dist/help");
const NAMES = Object.keys(COMMANDS).map((id) => id.replaceAll(":", " "));
const TOPICS = [
  ...new Set(NAMES.filter((name) => name.includes(" ")).map((it) => it.split(" ")[0])),
];

function page(name: string): string {
  return readFileSync(join(FOLDER, `${name}.txt`), "utf8");
}

async function shown(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await run([CLI, ...args]);
  assert.deepEqual({ stderr, code }, { stderr: "", code: 0 });
  return stdout;
}

describe("a rendered page", () => {
  for (const file of readdirSync(FOLDER)) {
    test(`${file} fits 80 columns and holds no escape sequence`, () => {
      const text = page(file.replace(/\.txt$/, ""));
      assert.doesNotMatch(text, /[^\n\x20-\x7e]|<%| $/m);
      assert.deepEqual(
        text.split("\n").filter((line) => line.length > 80),
        [],
      );
    });
  }

  for (const [id, { args = {}, flags = {}, summary }] of Object.entries(COMMANDS)) {
    const name = id.replaceAll(":", " ");
    test(`of ${name} has its arguments, its flags, an example, and where to read on`, () => {
      const text = page(name);
      assert.ok(text.startsWith(`${summary}\n`));
      for (const arg of Object.keys(args))
        assert.match(text, new RegExp(`\\b${arg.toUpperCase()}\\b`));
      for (const flag of Object.keys(flags)) assert.match(text, new RegExp(`^  --${flag}\\b`, "m"));
      assert.match(text, /^Examples:$/m);
      assert.match(text, /exit status/i);
      assert.match(text, /man countersign$/m);
    });

    test(`of ${name} has examples that countersign understands`, () => {
      const [, examples = ""] = page(name).split("Examples:\n");
      const lines = examples.replace(/(\||\\)\n\s+/g, "$1 ").split("\n");
      for (const line of lines.filter((each) => each.startsWith("    "))) checkLine(line);
    });
  }

  test("of the root fits a screen and names every command", () => {
    const text = page("countersign");
    assert.ok(text.split("\n").length <= 42, `${text.split("\n").length} lines`);
    for (const name of NAMES) {
      const [first, word] = name.split(" ");
      const rest = word ? `.*\\b${word}\\b` : "\\S";
      assert.match(text, new RegExp(`^  ${first} +${rest}`, "m"));
    }
  });
});

describe("help is asked for", () => {
  test("with nothing, help and --help: the root's page", async () => {
    const root = page("countersign");
    for (const args of [[], ["help"], ["--help"], ["-h"]]) assert.equal(await shown(...args), root);
  });

  test("of a topic, with and without a word for help", async () => {
    for (const topic of TOPICS) {
      const text = page(topic ?? "");
      assert.equal(await shown(topic ?? ""), text);
      assert.equal(await shown("help", topic ?? ""), text);
      assert.equal(await shown(topic ?? "", "--help"), text);
    }
  });

  test("of a command, whatever stands around it", async () => {
    const text = page("user list");
    assert.equal(await shown("user", "list", "--help"), text);
    assert.equal(await shown("user", "list", "--json", "-h"), text);
    assert.equal(await shown("help", "user", "list"), text);
    assert.equal(await shown("enroll", "alice", "--help"), page("enroll"));
  });

  test("and --help behind -- is the command's own", async () => {
    const { stdout } = await run([CLI, "verify", "--", "/nowhere/at-all", "--help"]);
    assert.equal(stdout, "");
  });
});

describe("a command that there is not", () => {
  const meant: readonly (readonly [typed: string, error: string, hint: string])[] = [
    ["enrol", "enrol is not a countersign command", "enroll"],
    ["enrol alice", "enrol is not a countersign command", "enroll"],
    ["verfy", "verfy is not a countersign command", "verify"],
    ["help enrol", "enrol is not a countersign command", "enroll"],
    ["user lst", "user lst is not a countersign command", "user list"],
    ["usr list", "usr is not a countersign command", "user list"],
    ["unlock alice", "unlock is not a countersign command", "user unlock"],
    ["backup-codes", "backup-codes is not a countersign command", "help backup-code"],
    ["user qqqqqqq", "user qqqqqqq is not a countersign command", "help user"],
    ["qqqqqqq --help", "qqqqqqq is not a countersign command", "help"],
    ["help qqqqqqq", "qqqqqqq is not a countersign command", "help"],
    ["init x", "init takes no arguments", "help init"],
    ["config list x", "config list takes no arguments", "help config list"],
  ];
  for (const [typed, error, hint] of meant) {
    test(`${typed}: try ${hint}`, async () => {
      const { stdout, stderr, code } = await run([CLI, ...typed.split(" ")]);
      const expected = `error: ${error}\ntry: countersign ${hint}\n`;
      assert.deepEqual({ stdout, stderr, code }, { stdout: "", stderr: expected, code: 2 });
    });
  }
});
