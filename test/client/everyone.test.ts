/** user disable --all keeps the caller: the person behind sudo, too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { enroll, succeed } from "../commands/enrolled.ts";
import { Home } from "../support/cli.ts";
import { needs } from "../support/parts.ts";

test(
  "everyone but the caller and the person behind sudo is disabled",
  needs("root", "oathtool"),
  async (t) => {
    const home = await Home.make(t);
    const countersign = home.run.bind(home);
    for (const user of ["alice", "bob", "carol", "root"]) await enroll(countersign, user);
    const env = { SUDO_USER: "alice", SUDO_UID: "1000" };
    const ended = await home.run(["user", "disable", "--all", "--yes"], { env });
    assert.equal(ended.code, 0);
    assert.match(ended.stdout, /^disabled 2 users: bob, carol$/m);
    const users: { user: string; status: string }[] = JSON.parse(
      await succeed(countersign, ["user", "list", "--json"]),
    );
    const statuses = Object.fromEntries(users.map(({ user, status }) => [user, status]));
    assert.deepEqual(statuses, {
      alice: "active",
      bob: "disabled",
      carol: "disabled",
      root: "active",
    });
  },
);
