/** Roles through the daemon: real users, groups and uids, and the commands as they run them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { needs } from "../support/parts.ts";
import { Host } from "./host.ts";

const GROUPS = `
for group in helpdesk students staff; do groupadd -f $group; done
groupadd -f sudo
for user in carol zoe boss desk; do useradd --user-group $user; done
useradd --no-user-group --gid students uma
useradd --non-unique --uid "$(id -u boss)" --no-user-group --gid students boss2
useradd --non-unique --uid 0 --no-user-group --gid students toor
gpasswd -M carol,desk helpdesk
gpasswd -M alice,boss,desk,carol students
gpasswd -M bob staff
gpasswd -a boss sudo
`;
const ROLE = ["role", "grant", "helpdesk", "--over", "students"];
const MAY = ["reset", "unlock", "disable"].flatMap((act) => ["--may", act]);

test(
  "a help desk helps its students, by the host's groups",
  needs("root", "mount namespaces", "oathtool"),
  async (t) => {
    const host = await Host.make(t);
    await host.sandbox.sh(GROUPS);
    const [root, carol] = [host.as(), host.as("carol")];
    // Who is enrolled, and how, is for other tests.
    for (const user of ["alice", "uma"]) await succeed(root, ["enroll", user, "--begin"]);
    const granted = await root([...ROLE, ...MAY]);
    assert.deepEqual([granted.code, granted.stderr], [0, ""]);
    const gid = Number(await host.sandbox.sh("getent group helpdesk | cut -d: -f3"));
    const [listed] = JSON.parse(await succeed(root, ["role", "list", "--json"]));
    assert.deepEqual([listed.gid, listed.state, listed.lost], [gid, "in-force", []]);

    const lastEvent = async () =>
      JSON.parse(await succeed(root, ["audit", "list", "--json", "--last", "1"]))[0];
    const list = async (...args: string[]) =>
      JSON.parse(await succeed(carol, ["user", "list", "--json", ...args])).map(
        ({ user }: { user: string }) => user,
      );

    await t.test("what the role says, on members, with the actor in the log", async () => {
      assert.match(await succeed(carol, ["reset", "alice", "--yes"]), /^alice: removed 1 auth/);
      const { action, user, caller, detail } = await lastEvent();
      const uid = (await host.sandbox.sh("id -u carol")).trim();
      assert.deepEqual(
        [action, user, caller, detail],
        [...["reset", "alice", `${uid}:carol`, "role=helpdesk"]],
      );
      // A member by the primary group.
      assert.equal(await succeed(carol, ["user", "disable", "uma"]), "disabled 1 user: uma\n");
      assert.match(await succeed(carol, ["user", "show", "uma"]), /status +disabled/);
      assert.equal(
        await succeed(carol, ["user", "enable", "--all", "--yes"]),
        "enabled 1 user: uma\n",
      );
    });

    await t.test("lists have the members, and no one else", async () => {
      assert.deepEqual(await list(), ["alice", "uma"]);
      assert.deepEqual(await list("--group", "students"), ["alice", "uma"]);
      for (const group of ["staff", "no-such-group"]) {
        assertFailure(await carol(["user", "list", "--group", group]), 1, /no role of yours/);
      }
      const all = await carol(["user", "disable", "--group", "students"]);
      assert.deepEqual([all.code, all.stdout], [0, "disabled 2 users: alice, uma\n"]);
      await succeed(carol, ["user", "enable", "--group", "students"]);
    });

    await t.test("nobody else: each of them failed for, and listed", async () => {
      const beyond = [
        "bob",
        "boss",
        "boss2",
        "desk",
        "carol",
        "toor",
        "root",
        "Alice",
        "nobody-such",
      ];
      const ended = await carol(["user", "disable", "--json", ...beyond, "alice"]);
      assert.equal(ended.code, 1);
      const outcomes = JSON.parse(ended.stdout);
      for (const { user, error } of outcomes.slice(0, -1)) assert.match(error, /only root/, user);
      assert.deepEqual(outcomes.at(-1), { user: "alice", changed: true });
      await succeed(carol, ["user", "enable", "alice"]);
      const others = beyond.filter((user) => user !== "carol");
      const reset = await carol(["reset", "--yes", "--json", ...others]);
      assert.equal(reset.code, 1);
      assert.ok(
        JSON.parse(reset.stdout).every(({ error }: { error: string }) => /only root/.test(error)),
      );
      // And nobody from outside, nor by a name that is carol's.
      for (const user of ["bob", "alice"]) {
        const [line] = await host.call(user, "reset", { user: "uma" });
        assert.match(line ?? "", /^fault code=not-permitted /);
      }
    });

    await t.test("nobody raises their own rights", async () => {
      for (const args of [
        [...ROLE, "--may", "invite"],
        ["role", "list"],
        ["role", "revoke", "x"],
      ]) {
        assertFailure(await carol(args), 1, /the roles of this host are root's/, /sudo/);
      }
      assertFailure(await carol(["config", "set", "issuer", "x"]), 1, /./);
      for (const [name, argument] of [
        ["recordSetting", { action: "settings-set", name: "roles" }],
        ["setAlias", { user: "alice", alias: "x" }],
        ["backupCodeStatus", { user: "alice" }],
        [
          "beginEnrollment",
          { user: "alice", method: "totp", algorithm: "sha1", digits: 6, period: 30 },
        ],
      ] as const) {
        const [line] = await host.call("carol", name, argument);
        assert.match(line ?? "", /^fault code=not-permitted /, name);
      }
    });

    await t.test("membership counts as it is, not as it was", async () => {
      await host.sandbox.sh("gpasswd -d carol helpdesk; gpasswd -a zoe helpdesk");
      assertFailure(await carol(["user", "show", "uma"]), 1, /only root/);
      await succeed(host.as("zoe"), ["user", "disable", "uma"]);
      await host.sandbox.sh("gpasswd -a carol helpdesk; gpasswd -d zoe helpdesk");
      await succeed(carol, ["user", "unlock", "uma"]);
    });

    await t.test("a renamed group gives no right, nor another of its name", async () => {
      const refused = async () =>
        assertFailure(await carol(["user", "show", "uma"]), 1, /only root/);
      const found = async () => JSON.parse(await succeed(root, ["role", "list", "--json"]))[0];
      await host.sandbox.sh("groupmod -n desk-of-old helpdesk");
      await refused();
      const { state, lost } = await found();
      assert.deepEqual([state, lost], ["void", [{ group: "helpdesk", gid, now: null }]]);
      await host.sandbox.sh("groupadd helpdesk; gpasswd -M carol helpdesk");
      await refused();
      assert.match(
        await succeed(root, ["role", "list"]),
        /! helpdesk had the id \d+ and has \d+ now/,
      );
      const doctor = await root(["doctor"]);
      assert.match(doctor.stdout, /role of helpdesk names groups that are gone/);
      await succeed(root, [...ROLE, ...MAY]);
      assert.match(await succeed(carol, ["user", "show", "uma"]), /uma/);
      await succeed(root, ["role", "revoke", "helpdesk"]);
      await refused();
      assert.equal(await succeed(root, ["role", "list", "--json"]), "[]\n");
    });
  },
);
