import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { Daemon, until } from "./daemon.ts";
import { Host } from "./host.ts";

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const STATE = `${SECRET}\n" TOTP_AUTH\n" DISALLOW_REUSE\n`;

/** What a home has in it, and who is told of it. */
const HOMES = `
put() { printf %s "$3" > "/home/$1/.google_authenticator"; chown "$2" "/home/$1/.google_authenticator"
  chmod 400 "/home/$1/.google_authenticator"; }
for user in carol dave erin frank grace ida; do useradd --create-home --shell /bin/sh $user; done
put alice alice "$0"
chmod 444 /home/alice/.google_authenticator
ln -s /home/alice/.google_authenticator /home/bob/.google_authenticator
mkfifo /home/carol/.google_authenticator; chown carol /home/carol/.google_authenticator
put dave root "$0"
put erin erin "no secret!"
put frank frank "$0"; chmod 777 /home/frank
rm -rf /home/grace
put ida ida "$0"; chmod 602 /home/ida/.google_authenticator
useradd --no-create-home --home-dir /home/alice --shell /bin/sh henry`;

describe("through the daemon", needs("root", "mount namespaces", "useradd"), () => {
  test("the state files in all homes come, but for those that somebody may have put there", async (t) => {
    const host = await Host.make(t);
    await host.sandbox.run(["/bin/sh", "-ec", HOMES, STATE]);
    const run = await host.as()(["import", "google-authenticator", "--homes", "--json"]);
    assert.equal(run.code, 1, run.stderr);
    const { entries, found, imported } = JSON.parse(run.stdout);
    const told = entries.map(({ user, state, why = "" }: Record<string, string>) => [
      user,
      state,
      why.replace(/^\S+ /, ""),
    ]);
    assert.deepEqual(told, [
      ["alice", "new", ""],
      ["bob", "unfit", "is a symbolic link"],
      ["carol", "unfit", "is not a regular file"],
      ["dave", "unfit", "belongs to uid 0"],
      ["erin", "unfit", "is no state file of google-authenticator: its first line is no secret"],
      ["frank", "unfit", "can be written to by group or others"],
      ["ida", "unfit", "can be written to by group or others"],
    ]);
    assert.deepEqual(found, { new: 1, here: 0, unfit: 6 });
    assert.equal(imported.authenticators, 1);
    assert.deepEqual(entries[0].remarks, [
      "its file can be read by others, and with it the secrets",
    ]);
    const again = await host.as()(["import", "google-authenticator", "--homes", "--partly"]);
    assert.deepEqual([again.code, again.stderr], [0, ""]);
    assert.match(again.stdout, /^0 to come, 1 is here already, 6 cannot come$/m);
  });

  test("a name that the host has not is no user's, and nobody but root may", async (t) => {
    const host = await Host.make(t);
    const input = `HOTP/T30 alice - ${"ab".repeat(19)}01\nHOTP/T30 alcie - ${"cd".repeat(19)}01\n`;
    const ended = await host.as()(["import", "oath", "-"], { input });
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /line 2 \(alcie\): this host has no user alcie/);
    const alice = await host.as("alice")(["import", "oath", "-", "--dry-run"], { input });
    assert.match(alice.stderr, /only root may do this/);
    const call = await host.call("alice", "stageImport", { id: "x", entries: [] });
    assert.match(call.join(""), /^fault code=not-permitted/);
    // What is not known might say that a code was used: it is not passed over.
    const [begun = ""] = await host.call("root", "beginImport", {});
    const id = decodeURIComponent(begun.replace("result ", "")).replaceAll('"', "");
    const known = { place: "line 1", user: "bob", method: "totp", secret: "QUJDREVGR0hJSg==" };
    for (const entries of [[{ ...known, used: [1] }], [{ ...known, secret: "?" }], ["{}"], {}]) {
      assert.deepEqual(await host.call("root", "stageImport", { id, entries }), []);
    }
  });
});

describe("a long file", () => {
  const LINES = 4_000;
  const line = (n: number): string => `HOTP/T30 user${n} - ${n.toString(16).padStart(38, "0")}01\n`;
  const FILE = Array.from({ length: LINES }, (_, n) => line(n)).join("");

  test("cut off by the end of the client, or of the daemon, leaves nothing", async (t) => {
    const home = await Home.make(t);
    assert.equal((await home.run(["init"])).code, 0);
    const daemon = await Daemon.start(t, home);
    for (const end of ["client", "daemon"] as const) {
      const env = { ...MINIMAL_ENV, ...home.env };
      const child = spawn(CLI, ["import", "oath", "-", "--json"], { env });
      let told = "";
      child.stdout.on("data", (bytes) => {
        told += bytes;
      });
      let failed = "";
      child.stderr.on("data", (bytes) => {
        failed += bytes;
      });
      child.stdin.on("error", () => undefined);
      child.stdin.write(FILE);
      await until(() => told.includes('"user1000"'));
      const ended = once(child, "exit");
      if (end === "client") child.kill("SIGKILL");
      else await daemon.kill();
      child.stdin.end();
      const [code] = await ended;
      assert.equal(code, end === "client" ? null : 1, failed);
      if (end === "daemon") assert.match(failed, /^error: .*countersignd/);
      const { stdout } = await home.run(["user", "list", "--json"]);
      assert.deepEqual(JSON.parse(stdout), []);
    }
    const again = await Daemon.start(t, home);
    const whole = await home.run(["import", "oath", "-"], { input: FILE });
    assert.deepEqual([whole.code, whole.stderr], [0, ""]);
    assert.match(whole.stdout, /^imported: 4000 authenticators of 4000 users$/m);
    assert.ok(again.isAlive);
  });
});
