/** A master key that is gone, wrong or not to be trusted: nobody passes, and it is never replaced. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, test } from "node:test";
import { lacks, needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { assertTold, Post } from "./post.ts";

const post = await Post.forThisFile();
const keyText = readFileSync(post.file("master.key"), "latin1");

interface Breakage {
  readonly what: string;
  readonly how: (file: string, broken: Post) => unknown;
  readonly says: RegExp;
  readonly part?: string;
}

const HOLDS_NONE = /does not hold a countersign master key/;

const BREAKAGES: readonly Breakage[] = [
  { what: "missing", how: (file) => rmSync(file), says: /the (master )?key .*(not there|is gone)/ },
  { what: "empty", how: (file) => writeFileSync(file, ""), says: HOLDS_NONE },
  { what: "truncated", how: (file) => writeFileSync(file, keyText.slice(0, 40)), says: HOLDS_NONE },
  { what: "without its end of line", how: cut, says: HOLDS_NONE },
  { what: "zeroed", how: (file) => writeFileSync(file, Buffer.alloc(63)), says: HOLDS_NONE },
  {
    what: "too large",
    how: (file) => writeFileSync(file, keyText.repeat(99)),
    says: /larger than/,
  },
  {
    what: "wrong",
    how: (file) =>
      writeFileSync(file, `countersign-key-1 ${Buffer.alloc(32, 7).toString("base64")}\n`),
    says: /is not the one this store was made with/,
  },
  {
    what: "another store's",
    how: async (file, broken) => {
      rmSync(file);
      const other = broken.file("other");
      await broken.home.run(["init"], { env: { COUNTERSIGN_HOME: other } });
      renameSync(`${other}/master.key`, file);
    },
    says: /is not the one this store was made with/,
  },
  {
    what: "readable by its group",
    how: (file) => chmodSync(file, 0o640),
    says: /can be read by others/,
  },
  {
    what: "writable by all",
    how: (file) => chmodSync(file, 0o602),
    says: /can be written to by group or others/,
  },
  {
    what: "a symbolic link",
    how: (file, broken) => {
      renameSync(file, broken.file("elsewhere"));
      symlinkSync("elsewhere", file);
    },
    says: /is a symbolic link/,
  },
  {
    what: "a hard link",
    how: (file, broken) => linkSync(file, broken.file("second-name")),
    says: /has a second name/,
  },
  {
    what: "a fifo",
    how: (file) => {
      rmSync(file);
      return runOrThrow(["mkfifo", "-m", "600", file]);
    },
    says: /is not a regular file/,
  },
  {
    what: "a directory",
    how: (file) => {
      rmSync(file);
      mkdirSync(file, { mode: 0o700 });
    },
    says: /is not a regular file/,
  },
  {
    what: "another user's",
    how: (file) => chownSync(file, 65_534, 65_534),
    says: /belongs to uid 65534/,
    part: "root",
  },
];

describe("the key", { concurrency: 2 }, () => {
  for (const { what, how, says, part } of BREAKAGES) {
    const options = part && lacks(part) ? needs(part) : {};
    test(`${what}: unavailable, kept as it is, and as before once mended`, options, async (t) => {
      const broken = await post.copy(t);
      const file = broken.file("master.key");
      await how(file, broken);
      const found = look(file);

      await broken.isShut(5, says, { timeout: 10_000 });
      for (const args of [["init"], ["enroll", "bob", "--begin", "--json"]]) {
        const refused = await broken.home.run(args, { timeout: 10_000 });
        assert.equal(refused.code, 1, `${args[0]}: ${refused.stdout}`);
        assertTold(refused, says, broken.handed);
        assert.ok(!refused.stderr.includes(keyText.slice(20, 40)), "the key is in the error");
      }
      assert.equal(look(file), found, "the key's file was touched");

      rmSync(file, { recursive: true, force: true });
      writeFileSync(file, keyText, { mode: 0o600 });
      await broken.isWhole();
    });
  }
});

/** All that tells whether a file was replaced, written to or given other modes. */
function look(file: string): string {
  if (!existsSync(file)) return "absent";
  const { ino, mode, uid, size, mtimeMs, nlink } = lstatSync(file);
  return JSON.stringify({ ino, mode, uid, size, mtimeMs, nlink });
}

function cut(file: string): void {
  writeFileSync(file, keyText.trimEnd());
}
