/** A store that is damaged, foreign, or not to be trusted: nobody passes, and it is left as it is. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { lacks, needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { Post } from "./post.ts";

const PAGE = 4096;
const post = await Post.forThisFile();
const whole = readFileSync(post.file("store.db"));

interface Breakage {
  readonly what: string;
  readonly how: (file: string, broken: Post) => unknown;
  readonly says: RegExp;
  readonly part?: string;
}

const DAMAGED = /is damaged|is no database|is not a countersign store/;

const DAMAGES: readonly Breakage[] = [
  { what: "missing", how: (file) => rmSync(file), says: /there is no store here/ },
  { what: "empty", how: (file) => truncateSync(file), says: /is empty/ },
  { what: "one byte", how: (file) => truncateSync(file, 1), says: /is empty/ },
  { what: "a cut header", how: (file) => truncateSync(file, 60), says: DAMAGED },
  { what: "one page", how: (file) => truncateSync(file, PAGE), says: DAMAGED },
  { what: "cut in half", how: (file) => truncateSync(file, whole.length / 2), says: DAMAGED },
  damaged("its first bytes zeroed", (bytes) => bytes.fill(0, 0, 16)),
  damaged("its header zeroed", (bytes) => bytes.fill(0, 0, 100)),
  damaged("its first page zeroed", (bytes) => bytes.fill(0, 0, PAGE)),
  damaged("the schema overwritten", (bytes) => bytes.fill(0xff, 100, PAGE)),
  damaged("every page but the first zeroed", (bytes) => bytes.fill(0, PAGE)),
  damaged("every page but the first overwritten", (bytes) => bytes.fill(0xa5, PAGE)),
  damaged("all of it zeroed", (bytes) => bytes.fill(0)),
  { what: "text", how: (file) => writeFileSync(file, "alice\n".repeat(2000)), says: DAMAGED },
];

const FOREIGN: readonly Breakage[] = [
  {
    what: "another program's database",
    how: (file) => {
      rmSync(file);
      sql(file, "CREATE TABLE authenticators (id TEXT)");
      chmodSync(file, 0o600);
    },
    says: /is not a countersign store/,
  },
  {
    what: "another program's, without a table",
    how: (file) => {
      rmSync(file);
      sql(file, "PRAGMA user_version = 1");
      chmodSync(file, 0o600);
    },
    says: /is not a countersign store/,
  },
  {
    what: "of a newer version",
    how: (file) => sql(file, "PRAGMA user_version = 99"),
    says: /has schema 99, this program knows \d+/,
  },
  {
    what: "of a version below none",
    how: (file) => sql(file, "PRAGMA user_version = -1"),
    says: DAMAGED,
  },
  {
    what: "without a table that its version has",
    how: (file) => sql(file, "DROP TABLE attempts"),
    says: DAMAGED,
  },
];

const PLANTED: readonly Breakage[] = [
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
    what: "readable by others",
    how: (file) => chmodSync(file, 0o644),
    says: /can be read by others/,
  },
  {
    what: "another user's",
    how: (file) => chownSync(file, 65_534, 65_534),
    says: /belongs to uid 65534/,
    part: "root",
  },
  ...["-wal", "-shm", "-journal"].flatMap((suffix): Breakage[] => [
    {
      what: `beside a planted ${suffix} link`,
      how: (file, broken) => symlinkSync(broken.file("victim"), file + suffix),
      says: /is a symbolic link/,
    },
    {
      what: `beside a ${suffix} with a second name`,
      how: (file, broken) => {
        writeFileSync(broken.file("victim"), "", { mode: 0o600 });
        linkSync(broken.file("victim"), file + suffix);
      },
      says: /has a second name/,
    },
  ]),
];

describe("the store", { concurrency: 2 }, () => {
  for (const { what, how, says, part } of [...DAMAGES, ...FOREIGN, ...PLANTED]) {
    const options = part && lacks(part) ? needs(part) : {};
    test(`${what}: unavailable, and as before once mended`, options, async (t) => {
      const broken = await post.copy(t);
      const file = broken.file("store.db");
      await how(file, broken);
      const found = content(file);
      await broken.isShut(5, says, { timeout: 10_000 });
      assert.ok(content(file) === found, "the store's file was written to");

      for (const suffix of ["", "-wal", "-shm", "-journal"]) {
        rmSync(file + suffix, { recursive: true, force: true });
      }
      writeFileSync(file, whole, { mode: 0o600 });
      await broken.isOpen();
    });
  }
});

function damaged(what: string, how: (bytes: Buffer) => void): Breakage {
  const damage = (file: string): void => {
    const bytes = Buffer.from(whole);
    how(bytes);
    writeFileSync(file, bytes);
  };
  return { what, how: damage, says: DAMAGED };
}

function sql(file: string, statement: string): void {
  const database = new DatabaseSync(file);
  database.exec(statement);
  database.close();
}

function content(file: string): string {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? readFileSync(file, "latin1") : `${stats?.mode}`;
}
