/** Files as the real programs make and keep them: google-authenticator, pam_oath. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { encodeBase32 } from "../../src/core/base32.ts";
import { timeStepAt } from "../../src/core/totp.ts";
import { needs } from "../support/parts.ts";
import { runOrThrow } from "../support/run.ts";
import { Sandbox } from "../support/sandbox.ts";
import { code, handedOut, login, PEERS, serve, setUp, USERS_FILE } from "../system/peers.ts";
import { HOTP_SECRET } from "../vectors/rfc.ts";
import { oathUsers, only, stateFile } from "./read.ts";

test(
  "google-authenticator, with options of all sorts",
  needs("google-authenticator"),
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "countersign-google-"));
    t.after(() => rm(folder, { recursive: true }));
    const made = async (options: string) => {
      const path = join(folder, options.replaceAll(" ", ""));
      const argv = ["google-authenticator", "-C", "-f", "-Q", "NONE", "-s", path];
      const { stdout } = await runOrThrow([...argv, ...options.split(" ")], {
        env: { PATH: "/usr/bin:/bin", HOME: folder, USER: "alice" },
      });
      const told = handedOut(stdout);
      const {
        secret,
        scratchCodes,
        kind: _,
        ...rest
      } = await only(stateFile(await readFile(path, "utf8")));
      assert.equal(encodeBase32(secret), told.secret, options);
      assert.deepEqual(scratchCodes, told.scratchCodes, options);
      return { ...rest, scratchCodes: scratchCodes.length };
    };
    const usual = {
      place: "line 1",
      user: "alice",
      method: "totp",
      serial: "",
      algorithm: "sha1",
      digits: 6,
      period: 30,
      lastCounter: -1,
      skew: 0,
      scratchCodes: 5,
    };
    // Debian 12's makes 128 bits, later ones 160; that one remark depends on it.
    const remarks = (found: { readonly remarks: readonly string[] }) =>
      found.remarks.filter((remark) => !remark.startsWith("secret of"));
    const scratch = "scratch codes of 8 digits, shorter than backup codes";
    const rate = "its rate limit does not come along";
    const wide = "its window of 17 codes does not come along";
    const reuse = "a code could be used more than once";
    const hotp = { ...usual, method: "hotp", period: undefined, lastCounter: 0 };
    const cases: [string, object, string[]][] = [
      ["-t -d -r 3 -R 30 -w 3", usual, [rate, scratch]],
      ["-t -D -u -w 17", { ...usual, lastCounter: undefined }, [wide, reuse, scratch]],
      ["-t -d -u -W -S 60 -e 10", { ...usual, period: 60, scratchCodes: 10 }, [scratch]],
      ["-t -d -u -W -S 1 -e 0", { ...usual, period: 1, scratchCodes: 0 }, []],
      ["-c -u -W -e 1", { ...hotp, scratchCodes: 1 }, [scratch]],
      ["-c -r 10 -R 600 -w 17 -e 0", { ...hotp, scratchCodes: 0 }, [wide, rate]],
    ];
    for (const [options, expected, said] of cases) {
      const found = await made(options);
      assert.deepEqual(remarks(found), said, options);
      assert.deepEqual({ ...found, remarks: [] }, { ...expected, remarks: [] }, options);
    }
  },
);

describe("after logins at the modules themselves", { ...PEERS, concurrency: true }, () => {
  const open = async (t: Parameters<typeof Sandbox.open>[0], ...users: string[]) => {
    const sandbox = await Sandbox.open(t);
    await serve(sandbox);
    for (const user of users) await sandbox.addUser(user);
    return sandbox;
  };

  test("pam_google_authenticator: used steps, counters, scratch codes", async (t) => {
    const sandbox = await open(t, "alice", "bob");
    const read = async (user: string) =>
      only(stateFile(await sandbox.sh(`cat /home/${user}/.google_authenticator`)));

    const alice = await setUp(sandbox, "alice", "-t", "-d", "-u", "-w", "17");
    const now = Date.now();
    const typed = await code(alice.secret, { now });
    assert.ok(await login(sandbox, "google", "alice", typed));
    assert.equal((await read("alice")).lastCounter, timeStepAt(now, 30));
    assert.ok(!(await login(sandbox, "google", "alice", typed)));
    // An earlier one is let in there, and the greatest is still the one that counts.
    assert.ok(
      await login(sandbox, "google", "alice", await code(alice.secret, { now: now - 60_000 })),
    );
    assert.equal((await read("alice")).lastCounter, timeStepAt(now, 30));
    const [scratch = "", ...left] = alice.scratchCodes;
    assert.ok(await login(sandbox, "google", "alice", scratch));
    assert.deepEqual((await read("alice")).scratchCodes, left);

    const bob = await setUp(sandbox, "bob", "-c", "-u", "-w", "5");
    assert.ok(await login(sandbox, "google", "bob", await code(bob.secret, { counter: 3 })));
    assert.equal((await read("bob")).lastCounter, 3);
    // A wrong code uses the next counter up.
    assert.ok(!(await login(sandbox, "google", "bob", await code(bob.secret, { counter: 3 }))));
    assert.equal((await read("bob")).lastCounter, 4);
  });

  test("pam_google_authenticator: the skew that it learns", async (t) => {
    const sandbox = await open(t, "alice");
    const { secret } = await setUp(sandbox, "alice", "-t", "-d", "-u", "-W", "-S", "1");
    const AHEAD = 100;
    const until = Date.now() + 20_000;
    // Three codes of steps in a row, from a clock that is ahead.
    while (Date.now() < until) {
      await setTimeout(1000 - (Date.now() % 1000));
      const typed = await code(secret, { now: Date.now() + AHEAD * 1000 }, { period: 1 });
      await login(sandbox, "google", "alice", typed);
      const text = await sandbox.sh("cat /home/alice/.google_authenticator");
      if (!text.includes('" TIME_SKEW')) continue;
      const { skew, period } = await only(stateFile(text));
      assert.equal(period, 1);
      // A step may have passed between the code and the module's look at the clock.
      assert.ok(Math.abs(skew - AHEAD) <= 1, `${skew}`);
      return;
    }
    assert.fail("the module learned no skew");
  });

  test("pam_oath: counters, the steps of codes in any zone, digits", async (t) => {
    const sandbox = await open(t);
    const secret = encodeBase32(HOTP_SECRET);
    const kept = async (type: string) => {
      const line = `${type} root - ${HOTP_SECRET.toString("hex")}\n`;
      await sandbox.sh(`umask 077; cat > ${USERS_FILE}`, { input: `# tokens\n\n${line}` });
    };
    const enter = (typed: string, env = {}) => login(sandbox, "oath", "root", typed, env);
    const read = async () => only(oathUsers(await sandbox.sh(`cat ${USERS_FILE}`)));

    await kept("HOTP/E/6");
    assert.equal((await read()).lastCounter, -1);
    for (const counter of [0, 4]) {
      assert.ok(await enter(await code(secret, { counter })));
      assert.equal((await read()).lastCounter, counter);
      assert.ok(!(await enter(await code(secret, { counter }))));
    }
    // Of any length, whatever the type says.
    assert.ok(await enter(await code(secret, { counter: 5 }, { digits: 8 })));
    assert.deepEqual([(await read()).digits, (await read()).lastCounter], [8, 5]);

    for (const [period, TZ] of [
      [30, "Asia/Kathmandu"],
      [60, "America/St_Johns"],
      [30, "UTC"],
    ] as const) {
      await kept(`HOTP/T${period}`);
      for (const offset of [-1, 0, 2]) {
        const now = Date.now() + offset * period * 1000;
        assert.ok(await enter(await code(secret, { now }, { period }), { TZ }));
        assert.equal((await read()).lastCounter, timeStepAt(now, period), `${TZ} ${offset}`);
      }
    }
  });
});
