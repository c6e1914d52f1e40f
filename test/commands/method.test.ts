/** method: switching off keeps everything, purging leaves nothing. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CLI, Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { enrolledHome, succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

const oath = needs("oathtool");

const verifyWith = ["verify", "alice", "--code-stdin", "--json"];

test("switched off, a method is neither accepted nor lost", oath, async (t) => {
  const { countersign, phone, backupCodes } = await enrolledHome(t);
  const verdict = async (input: string) =>
    JSON.parse((await countersign(verifyWith, { input })).stdout).verdict;
  await succeed(countersign, ["method", "disable", "backup-code"]);
  assert.equal(await verdict(backupCodes[0] ?? ""), "reject");
  assert.equal(await verdict(await phone.next()), "accept");
  await succeed(countersign, ["method", "enable", "backup-code"]);
  assert.equal(await verdict(backupCodes[0] ?? ""), "accept");

  await succeed(countersign, ["method", "disable", "totp", "--force"]);
  assert.equal(await verdict(await phone.next()), "reject");
  await succeed(countersign, ["method", "enable", "totp"]);
  assert.equal(await verdict(await phone.next()), "accept");
});

test("off, and let in as unenrolled: not who has enrolled", oath, async (t) => {
  const { countersign, phone } = await enrolledHome(t);
  await succeed(countersign, ["config", "set", "policy.unenrolled", "allow"]);
  for (const method of ["totp", "backup-code"]) {
    await succeed(countersign, ["method", "disable", method, "--force"]);
  }
  const ended = await countersign(verifyWith, { input: await phone.next() });
  assert.equal(JSON.parse(ended.stdout).verdict, "unenrolled");
});

test("the last method is not switched off by mistake", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  assertFailure(
    await countersign(["method", "disable", "totp"]),
    1,
    /nobody could pass/,
    /--force/,
  );
  assertFailure(await countersign(["method", "disable", "htop"]), 2, /htop/);
});

test("list says what is on, and how many have it", oath, async (t) => {
  const { countersign } = await enrolledHome(t);
  assert.deepEqual(JSON.parse(await succeed(countersign, ["method", "list", "--json"])), [
    { method: "totp", on: true, enrolled: 1 },
    { method: "hotp", on: true, enrolled: 0 },
    { method: "yubikey", on: true, enrolled: 0 },
    { method: "backup-code", on: true, enrolled: 1 },
    { method: "duo-push", on: false, enrolled: 0 },
    { method: "duo-prompt", on: false, enrolled: 0 },
    { method: "message", on: false, enrolled: 0 },
  ]);
  assert.equal(
    await succeed(countersign, ["method", "list"]),
    [
      "method       state       enrolled",
      "totp         on          1",
      "hotp         on          0",
      "yubikey      on          0",
      "backup-code  on          1",
      "duo-push     not set up  0",
      "duo-prompt   not set up  0",
      "message      off         0",
      "",
    ].join("\n"),
  );
});

test("purged, nothing of a method remains", oath, async (t) => {
  const { countersign, home } = await enrolledHome(t);
  await succeed(countersign, ["config", "set", "duo.push.apiHost", "api-xxxxxxxx.duosecurity.com"]);
  await succeed(countersign, ["method", "purge", "duo-push", "--yes"]);
  assert.doesNotMatch(readFileSync(join(home.path, "countersign.json"), "utf8"), /duo/);

  const purged = JSON.parse(
    await succeed(countersign, ["method", "purge", "totp", "--yes", "--json"]),
  );
  assert.deepEqual(purged, { method: "totp", removed: 1, backupCodeSets: 1 });
  const alice = JSON.parse(await succeed(countersign, ["user", "show", "alice", "--json"]));
  assert.deepEqual([alice.status, alice.methods, alice.backupCodesLeft], ["none", [], 0]);
  const events = JSON.parse(await succeed(countersign, ["audit", "list", "--json"]));
  assert.deepEqual(
    events.filter(({ action }: { action: string }) => action === "method-purge").length,
    2,
  );
});

test(
  "purge asks for the name, and a slip removes nothing",
  needs("oathtool", "tmux"),
  async (t) => {
    const { countersign, home } = await enrolledHome(t);
    const purge = ["method", "purge", "totp"];
    assertFailure(await countersign(purge, { input: "totp\n" }), 1, /no terminal/);
    for (const [typed, said] of [
      ["y", /not confirmed/],
      ["totp", /removed from 1 user, and 1 set of backup codes/],
    ] as const) {
      const terminal = await Terminal.start(t, [CLI, ...purge], { env: home.env });
      await terminal.shows("Type totp to remove it from 1 user for good: ");
      await terminal.enter(typed);
      await terminal.shows(said);
    }
  },
);
