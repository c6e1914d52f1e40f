/** Everything hostile that can stand where a file is expected, planted for real. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import {
  checkTrusted,
  createTrusted,
  readTrusted,
  SQLITE_SIBLINGS,
} from "../../src/files/trusted-file.ts";
import { asRoot, FOREIGN_UID, fault, onSmallDisk, sandbox, withoutRoot } from "./sandbox.ts";

const SECRET = { secret: true, maxBytes: 1024 } as const;

function plant(path: string, mode = 0o600): string {
  writeFileSync(path, "content");
  chmodSync(path, mode);
  return path;
}

/** Both doors must refuse alike: the file we open, and the one a library opens. */
function refused(path: string, words: RegExp): void {
  assert.throws(() => readTrusted(path, SECRET), fault("file-untrusted", words));
  assert.throws(() => checkTrusted(path, SECRET), fault("file-untrusted", words));
}

test("a file of one's own is read", (t) => {
  const path = plant(join(sandbox(t), "file"));
  assert.equal(readTrusted(path, SECRET)?.toString(), "content");
  assert.equal(checkTrusted(path, SECRET), true);
});

test("an absent file is no fault, nor is an absent directory", (t) => {
  const directory = sandbox(t);
  for (const path of ["absent", "absent/too"].map((name) => join(directory, name))) {
    assert.equal(readTrusted(path, SECRET), undefined);
    assert.equal(checkTrusted(path, SECRET), false);
  }
});

test("links are not followed, dangling or not", (t) => {
  const directory = sandbox(t);
  plant(join(directory, "file"));
  symlinkSync("file", join(directory, "link"));
  symlinkSync("/nonexistent/countersign", join(directory, "dangling"));
  refused(join(directory, "link"), /link is a symbolic link$/);
  refused(join(directory, "dangling"), /dangling is a symbolic link$/);
});

test("a fifo is refused and does not hang", { timeout: 5_000 }, (t) => {
  const path = join(sandbox(t), "fifo");
  execFileSync("mkfifo", ["-m", "600", path]);
  refused(path, /not a regular file/);
});

test("a socket is refused", async (t) => {
  const path = join(sandbox(t), "socket");
  const server = createServer().listen(path);
  await new Promise((listening) => server.once("listening", listening));
  t.after(() => server.close());
  refused(path, /not a regular file/);
});

test("a directory and a device are refused", (t) => {
  const path = join(sandbox(t), "directory");
  mkdirSync(path);
  refused(path, /not a regular file/);
  refused("/dev/null", /not a regular file/);
});

test("a file with a second name is refused", (t) => {
  const directory = sandbox(t);
  const path = plant(join(directory, "file"));
  linkSync(path, join(directory, "second"));
  refused(path, /second name/);
});

test("another's file is refused", asRoot, (t) => {
  const path = plant(join(sandbox(t), "file"));
  chownSync(path, FOREIGN_UID, FOREIGN_UID);
  refused(path, new RegExp(`belongs to uid ${FOREIGN_UID}$`));
  assert.throws(() => readTrusted(path, { ...SECRET, owner: 1 }), fault("file-untrusted"));
});

test("a file of the named owner, or of root, is read", asRoot, (t) => {
  const directory = sandbox(t);
  const path = plant(join(directory, "file"));
  assert.ok(readTrusted(path, { ...SECRET, owner: FOREIGN_UID }));
  chownSync(directory, FOREIGN_UID, FOREIGN_UID);
  chownSync(path, FOREIGN_UID, FOREIGN_UID);
  assert.ok(readTrusted(path, { ...SECRET, owner: FOREIGN_UID }));
});

test("loose modes are refused, with the mend as hint", (t) => {
  const path = plant(join(sandbox(t), "file"));
  for (let mode = 0o601; mode <= 0o677; mode++) {
    chmodSync(path, mode);
    refused(path, (mode & 0o022) !== 0 ? /can be written to/ : /can be read by/);
  }
  chmodSync(path, 0o644);
  assert.ok(readTrusted(path, { secret: false, maxBytes: 1024 }));
  chmodSync(path, 0o440);
  assert.ok(readTrusted(path, { secret: "group-reads", maxBytes: 1024 }));
  chmodSync(path, 0o444);
  assert.throws(
    () => readTrusted(path, { secret: "group-reads", maxBytes: 1024 }),
    fault("file-untrusted"),
  );
  chmodSync(path, 0o640);
  assert.throws(() => readTrusted(path, SECRET), { hint: `chmod 600 ${path}` });
  chmodSync(path, 0o664);
  assert.throws(() => readTrusted(path, { secret: false, maxBytes: 1024 }), {
    hint: `chmod 644 ${path}`,
  });
});

test("a file that is too large is refused, one that fits exactly is not", (t) => {
  const path = plant(join(sandbox(t), "file"));
  assert.equal(readTrusted(path, { secret: true, maxBytes: 7 })?.length, 7);
  assert.throws(
    () => readTrusted(path, { secret: true, maxBytes: 6 }),
    fault("file-untrusted", /larger than 6 bytes/),
  );
});

test("a directory others can write to is refused, sticky or not", (t) => {
  const directory = join(sandbox(t), "loose");
  mkdirSync(directory);
  const path = plant(join(directory, "file"));
  for (const mode of [0o720, 0o702, 0o777, 0o1777]) {
    chmodSync(directory, mode);
    refused(path, /loose can be written to by group or others/);
    assert.throws(() => createTrusted(`${path}2`, Buffer.of(1), 0o600), fault("file-untrusted"));
  }
});

test("the way may lead through a sticky directory, but through no loose one", (t) => {
  const way = join(sandbox(t), "way");
  mkdirSync(join(way, "own"), { recursive: true });
  const path = plant(join(way, "own", "file"));
  chmodSync(way, 0o1777);
  assert.ok(readTrusted(path, SECRET));
  chmodSync(way, 0o777);
  refused(path, /way can be written to by group or others/);
});

test("another's directory is refused, and another's link to a good one", asRoot, (t) => {
  const base = sandbox(t);
  mkdirSync(join(base, "own"));
  plant(join(base, "own", "file"));
  mkdirSync(join(base, "foreign"));
  plant(join(base, "foreign", "file"));
  chownSync(join(base, "foreign"), FOREIGN_UID, FOREIGN_UID);
  refused(join(base, "foreign", "file"), /foreign belongs to uid/);
  symlinkSync("own", join(base, "link"));
  assert.ok(readTrusted(join(base, "link", "file"), SECRET));
  execFileSync("chown", ["-h", `${FOREIGN_UID}`, join(base, "link")]);
  refused(join(base, "link", "file"), /link belongs to uid/);
});

test("directory links are walked, and a loop of them ends", { timeout: 5_000 }, (t) => {
  const base = sandbox(t);
  mkdirSync(join(base, "a", "b"), { recursive: true });
  plant(join(base, "a", "b", "file"));
  symlinkSync(join(base, "a"), join(base, "absolute"));
  symlinkSync("../a/./b/../b", join(base, "a", "relative"));
  symlinkSync("loop", join(base, "loop"));
  assert.ok(readTrusted(join(base, "absolute", "relative", "file"), SECRET));
  refused(join(base, "loop", "file"), /too many links/);
  refused(join(base, "a", "b", "file", "below"), /not a directory/);
});

test("SQLite's siblings are checked with the store, absent or not", (t) => {
  const path = join(sandbox(t), "store.db");
  for (const suffix of SQLITE_SIBLINGS) {
    assert.equal(checkTrusted(path, SECRET, SQLITE_SIBLINGS), false);
    symlinkSync("/etc/passwd", path + suffix);
    assert.throws(
      () => checkTrusted(path, SECRET, SQLITE_SIBLINGS),
      fault("file-untrusted", new RegExp(`${suffix} is a symbolic link`)),
    );
    execFileSync("rm", [path + suffix]);
    plant(path + suffix);
  }
  plant(path);
  assert.equal(checkTrusted(path, SECRET, SQLITE_SIBLINGS), true);
});

test("escape sequences in a name do not reach the message", (t) => {
  const path = plant(join(sandbox(t), "\u001b[31mred\nline"), 0o666);
  assert.throws(() => readTrusted(path, SECRET), fault("file-untrusted", /\[31mredline can be/));
});

test("a file replaced while it is read is never refused", (t) => {
  const directory = sandbox(t);
  const path = plant(join(directory, "file"));
  const replace = `i=0; while [ $i -lt 400 ]; do
    (umask 077; printf content > "$0.new"); mv "$0.new" "$0"; i=$((i+1)); done; touch "$0.done"`;
  const shell = spawn("sh", ["-c", replace, path], { stdio: "ignore" });
  t.after(() => shell.kill());
  while (!existsSync(`${path}.done`)) {
    assert.equal(readTrusted(path, SECRET)?.toString(), "content");
  }
});

test("an unreadable file is told as that", async (t) => {
  const directory = sandbox(t);
  const path = plant(join(directory, "file"), 0o200);
  chmodSync(directory, 0o755);
  await withoutRoot(() => {
    assert.throws(() => readTrusted(path, SECRET), fault("file-unreadable", /permission denied/));
  });
});

test("a new file has its bytes and its mode, whatever the umask", (t) => {
  const path = join(sandbox(t), "new");
  const umask = process.umask(0o277);
  t.after(() => process.umask(umask));
  createTrusted(path, Buffer.from("bytes"), 0o640);
  assert.equal(readFileSync(path, "utf8"), "bytes");
  assert.equal(statSync(path).mode & 0o7777, 0o640);
});

test("nothing that is there is written over or followed", (t) => {
  const directory = sandbox(t);
  plant(join(directory, "file"));
  symlinkSync("elsewhere", join(directory, "dangling"));
  for (const name of ["file", "dangling"]) {
    assert.throws(
      () => createTrusted(join(directory, name), Buffer.from("x"), 0o600),
      fault("file-exists", /is there already$/),
    );
  }
  assert.equal(readFileSync(join(directory, "file"), "utf8"), "content");
  assert.equal(existsSync(join(directory, "elsewhere")), false);
});

test("what a full disk cut short is removed", asRoot, async (t) => {
  const disk = join(sandbox(t), "disk");
  mkdirSync(disk);
  await onSmallDisk(t, disk, () => {
    assert.throws(
      () => createTrusted(join(disk, "file"), Buffer.alloc(100_000), 0o600, "key-unavailable"),
      fault("key-unavailable", /no space left/),
    );
    assert.deepEqual(readdirSync(disk), []);
    createTrusted(join(disk, "file"), Buffer.alloc(100), 0o600);
  });
});
