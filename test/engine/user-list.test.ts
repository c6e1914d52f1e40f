/** Lists of users as they are asked for: members of groups, pages, and who has never been here. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { UserQuery } from "../../src/contracts/service.ts";
import { ACCOUNT_ORDERS, ACCOUNT_STATES } from "../../src/contracts/store.ts";
import { fault } from "../files/sandbox.ts";
import { silence } from "./conversations.ts";
import { type Host, MINUTE, makeHost } from "./host.ts";

const OPTIONS = { method: "totp", algorithm: "sha1", digits: 6, period: 30 } as const;
const DAY = 24 * 60 * MINUTE;

/** carol used hers last, then alice; bob is disabled, dave has begun, erin was reset. */
async function crowd(t: TestContext, members: readonly string[] = []) {
  const host = makeHost(t, { membersOf: async () => new Set(members) });
  const alice = await host.enroll("alice");
  await host.enroll("bob");
  const carol = await host.enroll("carol");
  await host.enroll("erin");
  await host.verify("alice", alice.phone.code());
  host.clock.advance(10 * DAY);
  await host.verify("carol", carol.phone.code());
  await host.root.disableUser("bob");
  await host.root.reset("erin", undefined, silence);
  await host.root.beginEnrollment("dave", OPTIONS, silence);
  return host;
}

async function names(host: Host, query: UserQuery): Promise<string[]> {
  const users = await Array.fromAsync(host.root.listUsers(query));
  return users.map(({ user }) => user);
}

test("filters, each and together", async (t) => {
  const host = await crowd(t);
  const now = host.clock.now();
  for (const [query, wanted] of [
    [{ status: "active" }, "alice carol"],
    [{ status: "pending" }, "dave"],
    [{ status: "disabled" }, "bob"],
    [{ status: "none" }, "erin"],
    [{ method: "totp" }, "alice bob carol dave"],
    [{ method: "duo-push" }, ""],
    [{ unenrolled: true }, "dave erin"],
    [{ unusedSince: now - DAY }, "alice bob"],
    [{ unusedSince: now - DAY, status: "active" }, "alice"],
    [{ unusedSince: now - 11 * DAY }, ""],
    [{ sort: "last-used" }, "bob alice carol dave erin"],
    [{ sort: "enrolled", after: "alice" }, "bob carol dave erin"],
    [{ after: "bobby", limit: 2 }, "carol dave"],
    [{ limit: 0 }, ""],
  ] as [UserQuery, string][]) {
    assert.equal((await names(host, query)).join(" "), wanted, JSON.stringify(query));
  }
});

test("of a group: its members, and with --unenrolled those who were never here", async (t) => {
  const host = await crowd(t, ["zoe", "dave", "alice", "aaron"]);
  const groups = ["staff"];
  for (const [query, wanted] of [
    [{}, "alice dave"],
    [{ unenrolled: true }, "aaron dave zoe"],
    [{ unenrolled: true, status: "none" }, "aaron zoe"],
    [{ unenrolled: true, status: "pending" }, "dave"],
    [{ unenrolled: true, method: "totp" }, "dave"],
    [{ unenrolled: true, after: "aaron" }, "dave zoe"],
    [{ unenrolled: true, sort: "last-used" }, "dave aaron zoe"],
    [{ unenrolled: true, sort: "last-used", after: "aaron" }, "zoe"],
    [{ sort: "last-used" }, "alice dave"],
  ] as [UserQuery, string][]) {
    assert.equal(
      (await names(host, { groups, ...query })).join(" "),
      wanted,
      JSON.stringify(query),
    );
  }
  const [aaron] = await Array.fromAsync(host.root.listUsers({ groups, unenrolled: true }));
  assert.deepEqual(aaron, {
    ...{ user: "aaron", status: "none", methods: [], backupCodesLeft: 0 },
    ...{ throttledUntil: undefined, alias: undefined },
    ...{ preferredMethod: undefined, message: undefined },
  });
});

test("pages of any size, one after the other, are the whole list", async (t) => {
  const host = await crowd(t, ["zoe", "dave", "alice", "aaron", "carol"]);
  const query = fc.record({
    sort: fc.option(fc.constantFrom(...ACCOUNT_ORDERS), { nil: undefined }),
    status: fc.option(fc.constantFrom(...ACCOUNT_STATES), { nil: undefined }),
    groups: fc.option(fc.constant(["staff"]), { nil: undefined }),
    unenrolled: fc.option(fc.boolean(), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(query, fc.integer({ min: 1, max: 4 }), async (asked, limit) => {
      const whole = await names(host, asked);
      const pages: string[] = [];
      for (;;) {
        const page = await names(host, { ...asked, limit, after: pages.at(-1) });
        assert.ok(page.length <= limit);
        if (page.length === 0) break;
        pages.push(...page);
      }
      assert.deepEqual(pages, whole);
    }),
    { numRuns: 60 },
  );
});

test("a page by time goes on after somebody who is there", async (t) => {
  const host = await crowd(t);
  await assert.rejects(names(host, { sort: "last-used", after: "nobody" }), fault("not-found"));
});

test("a group of more members than a page has", async (t) => {
  const members = Array.from({ length: 1_201 }, (_, n) => `user-${`${n}`.padStart(4, "0")}`);
  const host = makeHost(t, { membersOf: async () => new Set(members.toReversed()) });
  await host.parts.store.transact(async ({ accounts }) => {
    for (const name of members.slice(0, 800)) await accounts.ensure(name, name, 0);
    await accounts.ensure("stranger", "stranger", 0);
  });
  assert.deepEqual(await names(host, { groups: ["g"] }), members.slice(0, 800));
  assert.deepEqual(await names(host, { groups: ["g"], unenrolled: true }), members);
  assert.deepEqual(await names(host, { groups: ["g"], sort: "enrolled" }), members.slice(0, 800));
});
