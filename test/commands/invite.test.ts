/** Invitations through their commands: the code is printed once, and nothing else tells it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Home } from "../support/cli.ts";
import { succeed } from "./enrolled.ts";
import { assertFailure } from "./failure.ts";

test("made, listed and revoked; its code is in no list, log or store", async (t) => {
  const home = await Home.make(t);
  const countersign = home.run.bind(home);
  await succeed(countersign, ["init"]);
  const said = await succeed(countersign, ["invite", "create", "bob"]);
  const [, code = ""] = /^invitation {2}((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})$/m.exec(said) ?? [];
  assert.notEqual(code, "", said);
  const bounds = ["--expires", "3d", "--host", "h.example.org", "--from", "10.0.0.0/8"];
  const made = JSON.parse(
    await succeed(countersign, ["invite", "create", "bob", ...bounds, "--json"]),
  );
  const { id, user, status, host, from, createdBy, usedAt } = made;
  assert.deepEqual(
    [user, status, host, from, createdBy, usedAt],
    ["bob", "open", "h.example.org", "10.0.0.0/8", "0:root", null],
  );
  assert.equal(Date.parse(made.expiresAt) - Date.parse(made.createdAt), 3 * 86_400_000);

  const text = await succeed(countersign, ["invite", "list"]);
  assert.match(text, /^[0-9a-f]{16} +bob +open +\S+ \S+ +root +-$/m);
  assert.match(text, /on h\.example\.org, from 10\.0\.0\.0\/8$/m);
  const listed = await succeed(countersign, ["invite", "list", "bob", "--json"]);
  assert.deepEqual(JSON.parse(listed).length, 2);
  const log = await succeed(countersign, ["audit", "list", "--json"]);
  for (const secret of [code, made.code].flatMap((each) => [each, each.replaceAll("-", "")])) {
    assert.ok(!`${text}${listed}${log}`.includes(secret), "told again");
  }
  assert.equal(
    await succeed(countersign, ["invite", "revoke", "--id", id]),
    "revoked 1 invitation\n",
  );
  const rest = await succeed(countersign, ["invite", "revoke", "bob", "--json"]);
  assert.deepEqual(JSON.parse(rest), { user: "bob", revoked: 1 });
  assert.equal(
    await succeed(countersign, ["invite", "revoke", "bob"]),
    "There was none to take back.\n",
  );
  assert.equal(await succeed(countersign, ["invite", "list"]), "There are no invitations.\n");

  const tried = async (line: string) => countersign(["invite", ...line.split(" ")]);
  for (const expires of ["24", "0h", "-1h", "1.5h", "1w", "31d", "999999h"]) {
    const ended = await tried(`create bob --expires=${expires}`);
    assertFailure(ended, 2, /no time: |at most/);
  }
  assertFailure(
    await tried("create bob --from 10.1.1.1/8"),
    2,
    /no network/,
    /try: --from 10\.0\.0\.0\/8$/,
  );
  assertFailure(await tried("create a/b"), 1, /no account name/);
  assertFailure(await tried("create"), 2, /missing: USER/);
  assertFailure(await tried("revoke bob --id 1"), 2, /give a user, or --id/);
  assertFailure(await countersign(["invite", "revoke"]), 2, /give a user, or --id/);
  assertFailure(await tried("revoke --id 1"), 1, /no invitation 1/, /invite list/);
});
