/** The JSON documents that scripts rely on (DESIGN.md 4), key by key. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { enrolledHome, Phone, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const oath = needs("oathtool");
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const BACKUP_CODE = /^[0-9A-HJKMNP-TV-Z]{10}$/;

test("enroll in two steps", oath, async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  const begin = ["enroll", "al", "--begin", "--json", "--issuer", "ex"];
  const { secret, uri, expiresAt, ...begun } = JSON.parse(await succeed(countersign, begin));
  assert.deepEqual(begun, { user: "al", method: "totp" });
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.ok(uri === `otpauth://totp/ex:al?secret=${secret}&issuer=ex`, "the key URI");
  assert.match(expiresAt, ISO);
  const lifetime = Date.parse(expiresAt) - Date.now();
  assert.ok(lifetime > 800_000 && lifetime <= 900_000, "a quarter of an hour");

  const phone = new Phone(secret);
  const confirm = ["enroll", "al", "--confirm", "--code-stdin", "--json"];
  const confirmWith = (input: string) => home.run(confirm, { input });
  assertFailure(await confirmWith(await phone.wrong()), 1, /the code does not fit/);
  assertFailure(await confirmWith(await phone.code(-420_000)), 1, /7 minutes behind/);
  assertFailure(await confirmWith(""), 1, /the code does not fit/);
  const { backupCodes, ...done } = JSON.parse(
    await succeed(countersign, confirm, await phone.next()),
  );
  assert.deepEqual(done, { user: "al", method: "totp", status: "active" });
  assert.equal(new Set(backupCodes).size, 10);
  assert.ok(backupCodes.every((code: string) => BACKUP_CODE.test(code)));
  assertFailure(await confirmWith(await phone.next()), 1, /no enrollment of al/, /--begin$/);
});

const UNSET = { alias: null, preferredMethod: null, message: null };

test("user list and user show, in each status", oath, async (t) => {
  const { countersign } = await enrolledHome(t);
  await succeed(countersign, ["enroll", "bob", "--begin"]);
  await succeed(countersign, ["enroll", "carol", "--begin"]);
  await succeed(countersign, ["reset", "carol", "--yes"]);
  const list = async () => JSON.parse(await succeed(countersign, ["user", "list", "--json"]));
  const [alice, bob, carol] = await list();
  const { enrolledAt, lastUsedAt } = alice.methods[0];
  assert.match(enrolledAt, ISO);
  assert.ok(lastUsedAt === null || ISO.test(lastUsedAt));
  const totp = { method: "totp", status: "active", enrolledAt, lastUsedAt };
  const rest = { backupCodesLeft: 10, throttledUntil: null, ...UNSET };
  assert.deepEqual(alice, { user: "alice", status: "active", methods: [totp], ...rest });
  const pending = { method: "totp", status: "pending", enrolledAt: null, lastUsedAt: null };
  const none = { backupCodesLeft: 0, throttledUntil: null, ...UNSET };
  assert.deepEqual(bob, { user: "bob", status: "pending", methods: [pending], ...none });
  assert.deepEqual(carol, { user: "carol", status: "none", methods: [], ...none });

  const disable = ["user", "disable", "alice", "alice", "--json"];
  assert.deepEqual(JSON.parse(await succeed(countersign, disable)), [
    { user: "alice", changed: true },
    { user: "alice", changed: false },
  ]);
  const show = JSON.parse(await succeed(countersign, ["user", "show", "alice", "--json"]));
  assert.deepEqual([show.status, show.methods[0].status], ["disabled", "disabled"]);
  const enable = await countersign(["user", "enable", "alice", "nobody-such", "--json"]);
  assert.equal(enable.code, 1, "it failed for one of them");
  const [enabled, unknown] = JSON.parse(enable.stdout);
  assert.deepEqual(enabled, { user: "alice", changed: true });
  assert.match(unknown.error, /never enrolled/);
  assert.equal((await list())[0].status, "active");
});

test("backup-code generate, status and revoke", oath, async (t) => {
  const { countersign, backupCodes } = await enrolledHome(t);
  const status = async () =>
    JSON.parse(await succeed(countersign, ["backup-code", "status", "alice", "--json"]));
  const { createdAt, ...first } = await status();
  assert.match(createdAt, ISO);
  assert.deepEqual(first, { user: "alice", left: 10 });
  const verify = (input = "") => countersign(["verify", "alice", "--code-stdin"], { input });
  assert.equal((await verify(backupCodes[0])).code, 0);
  assert.equal((await status()).left, 9);
  if (process.getuid?.() !== 0) return t.skip("anyone but root is asked for a code here");
  const made = JSON.parse(
    await succeed(countersign, ["backup-code", "generate", "alice", "--json"]),
  );
  assert.deepEqual([made.user, new Set(made.backupCodes).size], ["alice", 10]);
  assert.equal((await verify(backupCodes[1])).code, 1, "the old set is dead");
  assert.equal((await verify(made.backupCodes[0])).code, 0);
  const revoke = ["backup-code", "revoke", "alice", "--yes", "--json"];
  const revoked = JSON.parse(await succeed(countersign, revoke));
  assert.deepEqual(revoked, { user: "alice", revoked: 9 });
  assert.equal((await verify(made.backupCodes[1])).code, 1);
  const none = await countersign(["backup-code", "generate", "bob"]);
  assertFailure(none, 1, /bob has no authenticator/, /countersign enroll bob/);
});

test("reset removes for good, and says what", needs("oathtool", "root"), async (t) => {
  const { countersign, phone } = await enrolledHome(t);
  const asked = await countersign(["reset", "alice"], { input: "y\n" });
  assertFailure(asked, 1, /no terminal/, /--yes/);
  const reset = await countersign(["reset", "alice", "nobody-such", "--yes", "--json"]);
  assert.equal(reset.code, 1);
  const [done, unknown] = JSON.parse(reset.stdout);
  assert.deepEqual(done, { user: "alice", authenticators: 1, backupCodes: 10 });
  assert.match(unknown.error, /never enrolled/);
  const verify = ["verify", "alice", "--code-stdin"];
  assert.equal((await countersign(verify, { input: await phone.next() })).code, 3);
});

test("config: what is set counts, and is told to the audit log", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const get = async () =>
    JSON.parse(await succeed(countersign, ["config", "get", "totp.window", "--json"]));
  assert.deepEqual(await get(), { "totp.window": 1 });
  assert.equal(await succeed(countersign, ["config", "set", "totp.window", "3"]), "");
  assert.deepEqual(await get(), { "totp.window": 3 });
  const all = JSON.parse(await succeed(countersign, ["config", "list", "--json"]));
  assert.deepEqual([all["totp.window"], all.issuer, all.key], [3, null, "file"]);
  await succeed(countersign, ["config", "unset", "totp.window"]);
  assert.deepEqual(await get(), { "totp.window": 1 });
  assert.equal(await succeed(countersign, ["config", "get", "totp.window"]), "1\n");
  const log = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
  assert.deepEqual(
    log.map(({ action, detail }: Record<string, string>) => `${action} ${detail}`),
    ["settings-set totp.window=3", "settings-unset totp.window"],
  );
  assert.deepEqual(JSON.parse(await succeed(countersign, ["config", "path", "--json"])), {
    settingsFile: `${home.path}/countersign.json`,
    storeFile: `${home.path}/store.db`,
    keyFile: `${home.path}/master.key`,
  });
});

test("status", oath, async (t) => {
  const { countersign, phone } = await enrolledHome(t);
  await countersign(["verify", "alice", "--code-stdin"], { input: await phone.next() });
  const { head, lastDay, ...status } = JSON.parse(await succeed(countersign, ["status", "--json"]));
  assert.match(head, /^\d+:[0-9a-f]{64}$/);
  assert.deepEqual(
    lastDay.map(({ verdict, count }: Record<string, unknown>) => [verdict, count]),
    [["accept", 1]],
  );
  assert.match(lastDay[0].hour, ISO);
  assert.deepEqual(status, {
    scope: "home",
    methods: ["totp", "hotp", "yubikey", "backup-code"],
    failModes: {},
    policy: "on",
    unenrolled: "refuse",
    users: { active: 1, pending: 0, disabled: 0, none: 0, throttled: 0 },
  });
});

test("audit checkpoint and audit rotate", oath, async (t) => {
  const { home, countersign } = await enrolledHome(t);
  const say = async (...args: string[]) =>
    JSON.parse(await succeed(countersign, ["audit", ...args, "--json"]));
  const { text, host, ...checkpoint } = await say("checkpoint");
  const { key, publicKey, ...rest } = await say("checkpoint", "--public-key");
  assert.match(publicKey, /^-----BEGIN PUBLIC KEY-----\n/);
  assert.deepEqual(rest, {});
  const { sequence, hash, at } = checkpoint;
  assert.deepEqual(checkpoint, { key, sequence, hash, at });
  assert.match(at, ISO);
  assert.ok(text.includes(`host: ${host}\n`) && text.includes(`hash: ${hash}\n`));
  const archive = ["--archive", `${home.path}/archive`];
  const nothing = await say("rotate", "--before", "2026-01-01", ...archive);
  assert.deepEqual(nothing, { archived: 0, removed: 0, head: null });
  const { archived, removed, head } = await say("rotate", "--keep", "0", ...archive);
  assert.ok(archived > 1 && removed === archived && head.startsWith(`${archived}:`));
  assertFailure(await countersign(["audit", "rotate", ...archive]), 2, /how old/, /--keep DAYS/);
  const both = ["audit", "rotate", "--keep", "1", "--before", "2026-01-01", ...archive];
  assertFailure(await countersign(both), 2, /--before|--keep/);
});
