/** Settings that cannot be read, or not be trusted: everybody is refused until they are mended. */
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { describe, test } from "node:test";
import { lacks, needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { Post } from "./post.ts";

interface Breakage {
  readonly what: string;
  readonly how: (file: string, broken: Post) => unknown;
  readonly says: RegExp;
  readonly part?: string;
}

/** What does not parse: status 2. */
const UNREADABLE: readonly Breakage[] = [
  text("not JSON", "{", /is not valid JSON/),
  text("a comma too many", '{"issuer":"Example",}', /is not valid JSON/),
  text("empty", "", /is empty/),
  text("blank", " \n", /is empty/),
  text("null", "null", /must be an object/),
  text("a list", "[]", /must be an object/),
  text("an unknown key", '{"isuer":"Example"}', /isuer: there is no such setting/),
  text("an unknown key in a group", '{"policy":{"unavailable":1}}', /policy\.unavailable: there/),
  text("a number for a word", '{"issuer":1}', /issuer: must be/),
  text("a word for a number", '{"totp":{"window":"1"}}', /totp\.window: must be/),
  text("a word for a group", '{"policy":"allow"}', /policy: must be an object/),
  text("out of bounds", '{"totp":{"window":1000}}', /totp\.window: must be/),
  text("a byte order mark", '\ufeff{"issuer":"Example"}', /is not valid JSON/),
  text("a name twice", '{"issuer":"A","issuer":"B"}', /names issuer twice/),
  {
    what: "UTF-16",
    how: (file) => writeFileSync(file, Buffer.from('{"issuer":"Example"}', "utf16le")),
    says: /is not valid JSON/,
  },
  {
    what: "not UTF-8",
    how: (file) => writeFileSync(file, Buffer.from('{"issuer":"\xe9"}', "latin1")),
    says: /is not UTF-8/,
  },
  {
    what: "truncated",
    how: (file) => truncateSync(file, readFileSync(file).length - 4),
    says: /is not valid JSON/,
  },
  {
    what: "zeroed",
    how: (file) => writeFileSync(file, Buffer.alloc(512)),
    says: /is not valid JSON/,
  },
];

/** What another could have planted: status 5, as for every file that is not to be trusted. */
const PLANTED: readonly Breakage[] = [
  {
    what: "a directory",
    how: (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    says: /is not a regular file/,
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
    what: "a symbolic link",
    how: (file, broken) => {
      renameSync(file, broken.file("elsewhere"));
      symlinkSync("elsewhere", file);
    },
    says: /is a symbolic link/,
  },
  {
    what: "a dangling link",
    how: (file) => {
      rmSync(file);
      symlinkSync("nowhere", file);
    },
    says: /is a symbolic link/,
  },
  {
    what: "a hard link",
    how: (file, broken) => linkSync(file, broken.file("second-name")),
    says: /has a second name/,
  },
  {
    what: "writable by its group",
    how: (file) => chmodSync(file, 0o664),
    says: /can be written to by group or others/,
  },
  {
    what: "another user's",
    how: (file) => chownSync(file, 65_534, 65_534),
    says: /belongs to uid 65534/,
    part: "root",
  },
  {
    what: "in a directory that all may write to",
    how: (_, broken) => chmodSync(broken.home.path, 0o777),
    says: /can be written to by group or others/,
  },
  {
    what: "larger than any",
    how: (file) => writeFileSync(file, `{"issuer":"${"x".repeat(1_100_000)}"}`),
    says: /is larger than/,
  },
];

const post = await Post.forThisFile();

describe("settings", { concurrency: 2 }, () => {
  for (const [status, breakages] of [
    [2, UNREADABLE],
    [5, PLANTED],
  ] as const) {
    for (const { what, how, says, part } of breakages) {
      const options = part && lacks(part) ? needs(part) : {};
      test(`${what}: ${status}, and as before once mended`, options, async (t) => {
        const broken = await post.copy(t);
        await how(broken.file("countersign.json"), broken);
        await broken.isShut(status, says, { timeout: 10_000 });
        mend(broken);
        await broken.isOpen();
      });
    }
  }
});

function text(what: string, content: string, says: RegExp): Breakage {
  return { what, how: (file) => writeFileSync(file, content), says };
}

/** What an administrator would do: the saved settings, in their own modes. */
function mend(broken: Post): void {
  const file = broken.file("countersign.json");
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, readFileSync(post.file("countersign.json")), { mode: 0o644 });
  chmodSync(broken.home.path, 0o700);
}
