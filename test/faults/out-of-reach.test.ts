/** A store or key that is whole and out of reach: locked, read-only, unreadable, or past a limit. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { CLI } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { run } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import {
  assertOpen,
  assertRefused,
  assertWhole,
  type Countersign,
  codeOf,
  enroll,
  Post,
  setUp,
  TOLD,
} from "./post.ts";

const post = await Post.forThisFile();

/** Longer than verify waits for another process, and far shorter than a login's patience. */
const LIMIT = 15_000;

describe("locked by another process", { concurrency: 2 }, () => {
  test("for long: verify gives up, and the code is not spent", async (t) => {
    const broken = await post.copy(t);
    const holder = new DatabaseSync(broken.file("store.db"));
    holder.exec("BEGIN IMMEDIATE");
    const began = Date.now();
    assertRefused(await broken.verify(undefined, { timeout: LIMIT }), 5, /is locked/, post.handed);
    assert.ok(Date.now() - began > 2_000, "it did not wait at all");
    holder.close();
    await broken.isWhole();
  });

  test("for a moment: verify waits and accepts", async (t) => {
    const broken = await post.copy(t);
    const holder = new DatabaseSync(broken.file("store.db"));
    holder.exec("BEGIN IMMEDIATE");
    setTimeout(() => holder.close(), 1_500);
    await broken.isWhole();
  });

  test("exclusively, readers too: verify gives up", async (t) => {
    const broken = await post.copy(t);
    const holder = new DatabaseSync(broken.file("store.db"));
    holder.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
    assertRefused(await broken.verify(undefined, { timeout: LIMIT }), 5, /is locked/, post.handed);
    holder.close();
    await broken.isWhole();
  });
});

describe("in a sandbox", needs("root", "mount namespaces"), () => {
  const home = "/var/lib/post/home";
  /** As that user, in a directory of their own on a file system of its own. */
  async function station(t: { after: (fn: () => void | Promise<void>) => void }, user?: string) {
    const sandbox = await Sandbox.open(t as never);
    await sandbox.smallDisk("/var/lib/post", "8m");
    if (user) await sandbox.addUser(user);
    await sandbox.sh(`mkdir -m 700 ${home}; chown ${user ?? "root"}: ${home}`);
    const countersign: Countersign = (args, options = {}) =>
      sandbox.run([SANDBOX_CLI, ...args], {
        ...options,
        env: { PATH: "/usr/bin:/bin", COUNTERSIGN_HOME: home, ...options.env },
        ...(user ? { user } : {}),
      });
    await setUp(countersign);
    const handed = await enroll(countersign);
    const isShut = async (says: RegExp) => {
      const input = codeOf(handed.secret);
      const verified = await countersign(["verify", "alice", "--code-stdin", "--json"], { input });
      assertRefused(verified, 5, says, handed);
    };
    return { sandbox, countersign, handed, isShut };
  }

  test("a read-only file system: nothing passes until it is writable", async (t) => {
    const { sandbox, countersign, handed, isShut } = await station(t);
    await sandbox.sh("mount -o remount,ro /var/lib/post");
    await isShut(/cannot be (opened|written)/);
    const set = await countersign(["config", "set", "issuer", "Other"]);
    assert.equal(set.code, 1);
    assert.match(set.stderr, /the file system is read-only/);
    assert.match(set.stderr, TOLD);
    await sandbox.sh("mount -o remount,rw /var/lib/post");
    await assertOpen(countersign, handed);
    await assertWhole(countersign, handed);
  });

  for (const [what, file, mode, says] of [
    ["a read-only store", "store.db", "400", /cannot be (opened|written)/],
    ["an unreadable store", "store.db", "000", /permission denied/],
    ["an unreadable key", "master.key", "000", /permission denied/],
    ["unreadable settings", "countersign.json", "000", /permission denied/],
    ["a directory that cannot be entered", ".", "000", /permission denied/],
    ["a directory that cannot be written to", ".", "500", /cannot be (opened|written)/],
  ] as const) {
    test(`${what}, for who is not root: unavailable`, async (t) => {
      const { sandbox, countersign, handed, isShut } = await station(t, "alice");
      const before = (await sandbox.sh(`stat -c %a ${home}/${file}`)).trim();
      await sandbox.sh(`chmod ${mode} ${home}/${file}`);
      await isShut(says);
      await sandbox.sh(`chmod ${before} ${home}/${file}`);
      await assertOpen(countersign, handed);
    });
  }
});

describe("past a limit", { concurrency: 2 }, () => {
  const verify = `exec ${CLI} verify alice --code-stdin --json`;

  for (const blocks of [0, 1, 8]) {
    test(`files of at most ${blocks} KiB: unavailable, and nothing is spent`, async (t) => {
      const broken = await post.copy(t);
      const input = codeOf(post.handed.secret);
      const limited = `ulimit -f ${2 * blocks}; ${verify}`;
      const verified = await run(["sh", "-c", limited], { env: broken.home.env, input });
      assertRefused(verified, 5, /store/, post.handed);
      await broken.isWhole();
    });
  }

  test("files of at most 32 KiB: room for the login, not for moving it into the store", async (t) => {
    const broken = await post.copy(t);
    const input = codeOf(post.handed.secret);
    const verified = await run(["sh", "-c", `ulimit -f 64; ${verify}`], {
      env: broken.home.env,
      input,
    });
    assert.equal(verified.code, 0, verified.stderr);
    assert.equal((await broken.verify(input)).code, 1, "the code passed twice");
  });

  test("of open files: never accepted unrecorded, and whole afterwards", async (t) => {
    const refusals = new Set<number | null>();
    for (let most = 8; most < 40; most += 2) {
      const broken = await post.copy(t);
      const input = codeOf(post.handed.secret);
      const limited = `ulimit -c 0; ulimit -n ${most}; ${verify}`;
      const verified = await run(["sh", "-c", limited], { env: broken.home.env, input });
      if (verified.code !== 0) {
        refusals.add(verified.code);
        assert.doesNotMatch(verified.stdout, /accept/);
        await broken.isOpen();
        continue;
      }
      const again = await broken.verify(input);
      assert.equal(again.code, 1, `with ${most} descriptors an accepted code was not spent`);
      assert.ok(refusals.has(5), "no limit was met by the command itself");
      return;
    }
    assert.fail("forty descriptors were not enough");
  });
});

describe("standard output that takes nothing", { concurrency: 2 }, () => {
  for (const command of [
    "verify alice --code-stdin --json",
    "user list --json",
    "audit list --json",
    "audit verify --json",
    "backup-code status alice --json",
    "config list --json",
    "enroll bob --begin --json",
  ]) {
    test(`${command}: an error, not silence`, async (t) => {
      const broken = await post.copy(t);
      const script = `exec ${CLI} ${command} > /dev/full`;
      const input = codeOf(post.handed.secret);
      const ended = await run(["sh", "-c", script], { env: broken.home.env, input });
      assert.ok(ended.code === 1 || ended.code === 5, `ended with ${ended.code}`);
      assert.match(ended.stderr, /ENOSPC|no space left/);
    });
  }

  test("is told in one line", async () => {
    for (const command of ["verify nobody --code-stdin --json", "user list --json", "--version"]) {
      const script = `exec ${CLI} ${command} > /dev/full`;
      const env = post.home.env;
      const ended = await run(["sh", "-c", script], { env, input: "123456" });
      assert.doesNotMatch(ended.stderr, /^ {4}at /m, command);
      assert.match(ended.stderr, /^error: .*no space left/m, command);
    }
  });
});
