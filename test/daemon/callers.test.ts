/** Who may do what through the daemon: the kernel names the caller, and no word of theirs does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { enroll, succeed } from "../commands/enrolled.ts";
import { assertFailure } from "../commands/failure.ts";
import { needs } from "../support/parts.ts";
import { Host, SOCKET } from "./host.ts";

const parts = needs("root", "mount namespaces", "oathtool");

test(
  "a user without root enrolls, verifies, makes codes and resets themselves",
  parts,
  async (t) => {
    const host = await Host.make(t);
    const alice = host.as("alice");
    const { phone, backupCodes } = await host.enroll("alice");
    await succeed(alice, ["verify", "--code-stdin"], await phone.next());
    const generate = ["backup-code", "generate", "--json", "--code-stdin"];
    assertFailure(await alice(generate, { input: await phone.wrong() }), 1, /not accepted/);
    const made = JSON.parse(await succeed(alice, generate, await phone.next()));
    const old = await alice(["verify", "--code-stdin"], { input: backupCodes[0] ?? "" });
    assert.equal(old.code, 1);
    await succeed(alice, ["verify", "--code-stdin"], made.backupCodes[0]);
    const reset = ["reset", "--yes", "--code-stdin"];
    assertFailure(await alice(reset, { input: await phone.wrong() }), 1, /not accepted/);
    const required = await alice(reset, { input: await phone.next() });
    assertFailure(required, 1, /the policy requires what would be removed/, /enroll replaces it/);
    await succeed(host.as(), ["policy", "set", "unenrolled", "allow"]);
    await succeed(alice, reset, await phone.next());
    await host.as()(["policy", "set", "unenrolled", "refuse", "--force"]);
    assert.equal((await alice(["verify", "--code-stdin"], { input: "000000" })).code, 3);

    const events = JSON.parse(await succeed(host.as(), ["audit", "list", "--json"]));
    const hers = events.filter(({ user }: { user: string }) => user === "alice");
    const uid = (await host.sandbox.sh("id -u alice")).trim();
    assert.deepEqual(
      [...new Set(hers.map(({ caller }: { caller: string }) => caller))],
      [`${uid}:alice`],
    );
    const home = await host.sandbox.sh("find /home/alice -name '*.db' -o -name '*.key'");
    assert.equal(home, "", "nothing of it is in her own home");
  },
);

test("another's account is out of reach, by command", parts, async (t) => {
  const host = await Host.make(t);
  const { phone } = await host.enroll("bob");
  const alice = host.as("alice");
  for (const args of [
    ["verify", "bob", "--code-stdin"],
    ["enroll", "bob", "--begin"],
    ["reset", "bob", "--yes", "--code-stdin"],
    ["backup-code", "generate", "bob", "--code-stdin"],
    ["backup-code", "status", "bob"],
    ["backup-code", "revoke", "bob", "--yes", "--code-stdin"],
    ["user", "show", "bob"],
    ["user", "disable", "bob"],
    ["user", "enable", "bob"],
    ["user", "unlock", "bob"],
    ["user", "list"],
    ["audit", "list"],
    ["audit", "verify"],
  ]) {
    const ended = await alice(args, { input: await phone.code(), env: { USER: "bob" } });
    assert.notEqual(ended.code, 0, args.join(" "));
    assert.match(ended.stderr, /only root may/, `${args.join(" ")}: ${ended.stderr}`);
    assert.doesNotMatch(ended.stdout, /bob/, args.join(" "));
  }
  await succeed(host.as("bob"), ["verify", "--code-stdin"], await phone.next());
});

test("status shows a user what is theirs, and nothing of the host", parts, async (t) => {
  const host = await Host.make(t);
  await host.enroll("bob");
  const status = async (user: string) =>
    JSON.parse(await succeed(host.as(user), ["status", "--json"]));
  assert.deepEqual(await status("alice"), {
    user: "alice",
    status: "none",
    methods: [],
    backupCodesLeft: 0,
    throttledUntil: null,
    ...{ alias: null, preferredMethod: null, message: null },
  });
  const { user, status: state, backupCodesLeft, ...rest } = await status("bob");
  assert.deepEqual([user, state, backupCodesLeft], ["bob", "active", 10]);
  assert.deepEqual(Object.keys(rest), [
    ...["methods", "throttledUntil", "alias", "preferredMethod", "message"],
  ]);
  assert.match(
    await succeed(host.as("bob"), ["status"]),
    /^user +bob\nstatus +active\ntotp +active\n/,
  );
  assert.deepEqual((await status("root")).users.active, 1);
});

test("another's account is out of reach, by forged names and fields", parts, async (t) => {
  const host = await Host.make(t);
  const { phone } = await host.enroll("bob");
  const right = `answer ${await phone.next()}`;
  const denied = /^fault code=not-permitted /;
  for (const fields of [
    "user=bob",
    "user=bob ruser=root",
    "user=root",
    "user=bob%00",
    "user=BOB",
  ]) {
    const lines = await host.speak("alice", `countersign/1 verify ${fields}`, right);
    assert.deepEqual(lines.length, 1, fields);
    assert.match(lines[0] ?? "", denied, fields);
  }
  for (const fields of ["user=bob uid=0", "user=bob caller=bob", "user=alice user=bob", "uid=0"]) {
    assert.deepEqual(await host.speak("alice", `countersign/1 verify ${fields}`, right), []);
  }
  const totp = { method: "totp", algorithm: "sha1", digits: 6, period: 30 };
  for (const [name, argument] of [
    ["beginEnrollment", totp],
    ["confirmEnrollment", { method: "totp", code: "000000" }],
    ["cancelEnrollment", { method: "totp" }],
    ...["reset", "generateBackupCodes", "backupCodeStatus", "revokeBackupCodes"].map(plain),
    ...["showUser", "disableUser", "enableUser", "unlockUser", "listUsers"].map(plain),
    ...["listAudit", "checkpointAudit", "auditPublicKey", "dropArchived"].map(plain),
    ["archiveAudit", { before: 1e15 }],
    ["recordSetting", { action: "settings-set", name: "totp.window=99" }],
    ["status", { since: 0 }],
    ["enrollByChallenge", { method: "duo-push" }],
    ["setAlias", { alias: "alice" }],
    ["setPreferredMethod", { method: "totp" }],
    ["setMessage", { message: "mine" }],
    ["auditReport", { unusedSince: 0, failuresSince: 0 }],
    ["setMethodSecret", { method: "duo-push", secret: "mine" }],
    ["checkMethod", { method: "duo-push" }],
    ["explainPolicy", {}],
    ["standing", {}],
    ["listMethods", {}],
    ["purgeMethod", { method: "totp" }],
  ] as [string, object][]) {
    const forged = { user: "bob", uid: 0, login: "root", caller: { uid: 0 }, ownsStore: true };
    const lines = await host.call("alice", name, { ...argument, ...forged });
    assert.equal(lines.length, 1, `${name}: ${lines}`);
    assert.match(lines[0] ?? "", denied, name);
  }
  await succeed(host.as("bob"), ["verify", "--code-stdin"], right.slice("answer ".length));
  assert.match((await host.call("alice", "proveAudit", {}))[0] ?? "", denied);
  // What concerns nobody but root is refused for one's own name too.
  for (const name of ["disableUser", "enableUser", "unlockUser", "setAlias", "setMessage"]) {
    const argument = { user: "alice", alias: "bob", message: "mine" };
    assert.match((await host.call("alice", name, argument))[0] ?? "", denied, name);
  }
  for (const name of ["createInvitation", "listInvitations", "revokeInvitations"]) {
    assert.match((await host.call("alice", name, { user: "alice" }))[0] ?? "", denied, name);
  }
  // A bound that is not known must not be one that is not applied.
  const unbound = { user: "alice", onlyOn: "sunday" };
  assert.deepEqual(await host.call("root", "createInvitation", unbound), []);
});

function plain(name: string): [string, object] {
  return [name, {}];
}

test("what a refused user hears holds no reason; root hears it", parts, async (t) => {
  const host = await Host.make(t);
  const { phone } = await host.enroll("alice");
  const wrong = `answer ${await phone.wrong()}`;
  const own = await host.speak("alice", "countersign/1 verify user=alice", wrong);
  assert.equal(own[1], "verdict reject user=alice method=totp");
  const seen = await host.as()(["verify", "alice", "--code-stdin", "--json"], {
    input: await phone.wrong(),
  });
  assert.equal(JSON.parse(seen.stdout).reason, "wrong-code");
});

test("the store and the key are root's; the socket is everybody's", parts, async (t) => {
  const host = await Host.make(t);
  const modes = await host.sandbox.sh(
    `stat -c '%a %U %F' ${SOCKET} /run/countersign /var/lib/countersign/store.db /etc/countersign/master.key`,
  );
  assert.deepEqual(modes.trim().split("\n"), [
    "666 root socket",
    "755 root directory",
    "600 root regular file",
    "600 root regular file",
  ]);
  for (const path of ["/var/lib/countersign/store.db", "/etc/countersign/master.key"]) {
    assert.notEqual((await host.sandbox.run(["cat", path], { user: "alice" })).code, 0, path);
  }
  for (const command of [`rm ${SOCKET}`, `mv ${SOCKET} /tmp/moved`, "touch /run/countersign/x"]) {
    const { code } = await host.sandbox.run(["sh", "-c", command], { user: "alice" });
    assert.notEqual(code, 0, command);
  }
});

test("root may do all, through the daemon", parts, async (t) => {
  const host = await Host.make(t);
  const root = host.as();
  const { phone, backupCodes } = await enroll(root, "bob");
  await succeed(root, ["verify", "bob", "--code-stdin"], await phone.next());
  await succeed(root, ["backup-code", "generate", "bob"]);
  const old = await root(["verify", "bob", "--code-stdin"], { input: backupCodes[0] ?? "" });
  assert.equal(old.code, 1);
  for (const verb of ["show", "disable", "enable", "unlock"])
    await succeed(root, ["user", verb, "bob"]);
  assert.match(await succeed(root, ["user", "list"]), /bob/);
  assert.match(await succeed(root, ["status"]), /1/);
  await succeed(root, ["audit", "verify"]);
  const few = JSON.parse(await succeed(root, ["audit", "report", "--few-backup-codes", "--json"]));
  assert.deepEqual(few, []);
  const own = ["audit", "list", "--user", "bob", "--action", "user-disable", "--json"];
  assert.equal(JSON.parse(await succeed(root, own)).length, 1);
  await succeed(root, ["reset", "bob", "--yes"]);
  const events = JSON.parse(await succeed(root, ["audit", "list", "--json"]));
  assert.ok(events.every(({ caller }: { caller: string }) => caller === "0:root"));
});
