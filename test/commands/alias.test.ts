/** What a user is called at Duo, as administrators set it. */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { Home } from "../support/cli.ts";
import { auditOf } from "./duo.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

test("an alias is set, shown, removed and told to the audit log", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const alias = (...args: readonly string[]) =>
    succeed(countersign, ["user", "alias", "alice", ...args]);
  assert.equal(await alias("asmith@example.org"), "alice is asmith@example.org at Duo\n");
  assert.equal(await alias("asmith@example.org"), "alice has it already\n");
  assert.equal(await alias(), "alice is asmith@example.org at Duo\n");
  const show = await succeed(countersign, ["user", "show", "alice"]);
  assert.match(show, /^name at Duo +asmith@example\.org$/m);
  const shown = JSON.parse(await succeed(countersign, ["user", "show", "alice", "--json"]));
  assert.equal(shown.alias, "asmith@example.org");
  assert.deepEqual(JSON.parse(await alias("--remove", "--json")), {
    user: "alice",
    alias: null,
    changed: true,
  });
  assert.equal(await alias("--remove"), "alice has no alias\n");
  assert.deepEqual(JSON.parse(await alias("--json")), { user: "alice", alias: null });
  const events = await auditOf(countersign);
  assert.deepEqual(
    events.map(({ action, detail }) => `${action} ${detail}`),
    ["user-alias alias=asmith@example.org", "user-alias removed"],
  );
});

test("without one, it says what the template makes of them", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  await succeed(countersign, ["user", "alias", "alice", "other"]);
  await succeed(countersign, ["user", "alias", "alice", "--remove"]);
  await succeed(countersign, ["config", "set", "duo.usernameTemplate", "{user}@{host}"]);
  const [host] = hostname().split(".");
  const said = await succeed(countersign, ["user", "alias", "alice"]);
  assert.ok(said.includes(`at Duo they are alice@${host},`), said);
});

test("what can be no name at Duo, and nobody known", async (t) => {
  const home = await Home.make(t);
  await home.run(["init"]);
  for (const name of ["", " alice", "al\u001bice", "x".repeat(257)]) {
    const ended = await home.run(["user", "alias", "alice", name]);
    assertFailure(ended, 2, /this can be no name at Duo/);
  }
  assertFailure(await home.run(["user", "alias", "bob"]), 1, /bob has never enrolled here/);
});
