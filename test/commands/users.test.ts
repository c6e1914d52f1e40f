/** Many users at once: lists that are filtered, and changes of several, counted. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { type Countersign, enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const oath = needs("oathtool");
const host = needs("root", "mount namespaces");

const begin = async (countersign: Countersign, ...users: string[]) => {
  for (const user of users) await succeed(countersign, ["enroll", user, "--begin"]);
};

async function names(countersign: Countersign, line: string): Promise<string[]> {
  const args = ["user", "list", "--json", ...line.split(" ").filter((word) => word !== "")];
  return JSON.parse(await succeed(countersign, args)).map(({ user }: { user: string }) => user);
}

test("user list, filtered, sorted and paged", oath, async (t) => {
  const { countersign } = await enrolledHome(t);
  await begin(countersign, "bob", "carol");
  await succeed(countersign, ["user", "disable", "carol"]);
  for (const [line, wanted] of [
    ["", ["alice", "bob", "carol"]],
    ["--status pending", ["bob"]],
    ["--status disabled", ["carol"]],
    ["--unenrolled", ["bob", "carol"]],
    ["--method totp --limit 1", ["alice"]],
    ["--method duo-push", []],
    ["--stale 1", []],
    ["--sort last-used --limit 2", ["alice", "bob"]],
    ["--sort enrolled --after alice", ["bob", "carol"]],
    ["--after bobby", ["carol"]],
  ] as const) {
    assert.deepEqual(await names(countersign, line), wanted, line);
  }
  assert.match(
    await succeed(countersign, ["user", "list", "--status", "pending"]),
    /^bob +pending/m,
  );
  assert.equal(
    await succeed(countersign, ["user", "list", "--status", "none"]),
    "No user is like that\n",
  );
  const late = await countersign(["user", "list", "--sort", "enrolled", "--after", "no-one-x"]);
  assertFailure(late, 1, /no-one-x has no place in this list/);
});

test("from standard input: what fails is told, and keeps no-one-x else", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  await begin(countersign, "alice", "bob", "carol");
  await succeed(countersign, ["user", "disable", "carol"]);

  const input = `alice\n\nbob\r\ncarol\nno-one-x\nal\u0007ice\n../x\n${"x".repeat(5_000)}\n`;
  const ended = await countersign(["user", "disable", "--from-stdin"], { input });
  assert.equal(ended.code, 1);
  assert.equal(ended.stdout, "disabled 2, unchanged 1, failed 4\n");
  const errors = ended.stderr.match(/^error: .*$/gm);
  assert.deepEqual(errors, [
    "error: no-one-x has never enrolled here",
    "error: line 6 of standard input is no account name",
    "error: line 7 of standard input is no account name",
    "error: line 8 of standard input is no account name",
  ]);

  const again = await countersign(["user", "enable", "--from-stdin", "--json"], {
    input: "alice\nno-one-x\n\u001b[2J\n",
  });
  assert.equal(again.code, 1);
  assert.deepEqual(JSON.parse(again.stdout), [
    { user: "alice", changed: true },
    { user: "no-one-x", changed: false, error: "no-one-x has never enrolled here" },
    { user: "line 3", changed: false, error: "line 3 of standard input is no account name" },
  ]);
  assert.deepEqual(await names(countersign, "--status disabled"), ["bob", "carol"]);
  assert.equal(
    await succeed(countersign, ["user", "enable", "--all", "--yes"]),
    "enabled 2 users: bob, carol\n",
  );
  assert.equal(
    await succeed(countersign, ["user", "disable", "--from-stdin"]),
    "disabled 0 users\n",
  );

  const reset = await countersign(["reset", "--from-stdin", "--yes"], {
    input: "bob\nno\ncarol\n",
  });
  assert.equal(reset.code, 1);
  assert.match(
    reset.stdout,
    /^bob: removed 1 auth.*\ncarol: removed 1 auth.*\nreset 2, failed 1\n$/,
  );
  assert.deepEqual(await names(countersign, "--status none"), ["bob", "carol"]);
  const unasked = await countersign(["reset", "--from-stdin"], { input: "alice\n" });
  assertFailure(unasked, 1, /no terminal/);
  assert.deepEqual(await names(countersign, "--status pending"), ["alice"]);
});

test("more users than are asked for at once", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const many = Array.from({ length: 1_100 }, (_, n) => `user${1_000 + n}`);
  const file = join(home.path, "fill.mjs");
  writeFileSync(
    file,
    `import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(${JSON.stringify(join(home.path, "store.db"))});
    const insert = database.prepare("INSERT INTO accounts (name, throttle_key, created_at) VALUES (?1, ?1, 1)");
    database.exec("BEGIN");
    for (const name of ${JSON.stringify(many)}) insert.run(name);
    database.exec("COMMIT");`,
  );
  await import(file);
  const all = ["user", "disable", "--all", "--yes"];
  assert.equal(await succeed(countersign, all), "disabled 1100 users\n");
  assert.equal(await succeed(countersign, all), "disabled 0, unchanged 1100\n");
  assert.equal(
    await succeed(countersign, ["user", "enable", "--all", "--yes"]),
    "enabled 1100 users\n",
  );
  assert.deepEqual(await names(countersign, "--after user1998"), many.slice(999));
});

test("of a group of the host, and the caller is kept", host, async (t) => {
  const sandbox = await Sandbox.open(t);
  for (const user of ["alice", "bob", "carol", "dave"]) await sandbox.addUser(user);
  await sandbox.sh(`groupadd staff-x; groupadd primary-x; groupadd empty-x
    usermod -aG staff-x root; usermod -aG staff-x alice; usermod -aG staff-x bob
    usermod -g primary-x carol`);
  const countersign: Countersign = (args, options = {}) =>
    sandbox.run([SANDBOX_CLI, ...args], options);
  await succeed(countersign, ["init"]);
  await begin(countersign, "root", "alice", "carol", "dave");

  assert.deepEqual(await names(countersign, "--group staff-x"), ["alice", "root"]);
  assert.deepEqual(await names(countersign, "--group primary-x"), ["carol"]);
  assert.deepEqual(await names(countersign, "--group empty-x"), []);
  assert.deepEqual(await names(countersign, "--group staff-x --group primary-x --unenrolled"), [
    ...["alice", "bob", "carol", "root"],
  ]);
  const unknown = await countersign(["user", "disable", "--group", "no-x"]);
  assertFailure(unknown, 1, /this host has no group no-x/);

  const ended = await countersign(["user", "disable", "--group", "staff-x"]);
  assert.deepEqual(
    [ended.stdout, ended.stderr, ended.code],
    [
      // Bob has never been here, and the policy may let in whoever has not.
      "disabled 2 users: alice, bob\n",
      "left out root, who runs this: name them to include them\n",
      0,
    ],
  );
  const reset = await countersign(["reset", "--group", "primary-x", "--yes"]);
  assert.equal(reset.stdout, "carol: removed 1 authenticator, 0 unused backup codes\n");
  const env = { SUDO_USER: "dave", SUDO_UID: "1" };
  const list = { input: "dave\ncarol\nroot\n", env };
  const kept = await countersign(["user", "disable", "--from-stdin"], list);
  assert.equal(kept.stdout, "disabled 1 user: carol\n");
  assert.equal(kept.stderr.match(/^left out (dave|root)/gm)?.length, 2);
  assert.equal(await succeed(countersign, ["user", "disable", "root"]), "disabled 1 user: root\n");
});
