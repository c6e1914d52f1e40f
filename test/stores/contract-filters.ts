/** Filters, orders and places of lists, held against a plain array that is filtered and sorted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AccountPlace, AccountQuery, Store } from "../../src/contracts/store.ts";
import { ACCOUNT_ORDERS, ACCOUNT_STATES } from "../../src/contracts/store.ts";
import { throttleKey } from "../../src/core/account.ts";
import { NOW, newAuthenticator, type OpenStore, opened } from "./opened.ts";

const moment = fc.integer({ min: 1, max: 6 });
const active = fc.record({ enrolled: moment, used: fc.option(moment, { nil: undefined }) });
const maybeActive = fc.option(active, { nil: undefined });

const account = fc.record({
  user: fc.string({
    unit: fc.constantFrom("a", "B", "é", "🧑", "\uffee", '"'),
    minLength: 1,
    maxLength: 4,
  }),
  totp: maybeActive,
  push: maybeActive,
  pendingFor: fc.option(fc.integer({ min: -1, max: 1 }), { nil: undefined }),
  disabled: fc.boolean(),
});
type Made = typeof account extends fc.Arbitrary<infer T> ? T : never;

const accounts = fc.uniqueArray(account, { selector: ({ user }) => user, maxLength: 14 });

const query: fc.Arbitrary<AccountQuery> = fc.record({
  order: fc.constantFrom(...ACCOUNT_ORDERS),
  now: fc.constant(NOW),
  status: fc.option(fc.constantFrom(...ACCOUNT_STATES), { nil: undefined, freq: 2 }),
  method: fc.option(fc.constantFrom("totp", "duo-push", "other"), { nil: undefined, freq: 2 }),
  unenrolled: fc.option(fc.boolean(), { nil: undefined, freq: 2 }),
  unusedSince: fc.option(moment, { nil: undefined, freq: 2 }),
});

function fill(store: Store, made: readonly Made[]): Promise<void> {
  return store.transact(async (tx) => {
    for (const { user, totp, push, pendingFor, disabled } of made) {
      await tx.accounts.ensure(user, throttleKey(user), 1);
      if (totp) {
        await tx.authenticators.begin(newAuthenticator(`t ${user}`, user));
        await tx.authenticators.activate(`t ${user}`, 1, 0, totp.enrolled);
        if (totp.used) await tx.authenticators.spend(`t ${user}`, 2, 0, totp.used);
      }
      if (push) {
        const remote = { id: `d ${user}`, user, method: "duo-push" };
        await tx.authenticators.addRemote(remote, push.enrolled);
        if (push.used) await tx.authenticators.noteUse(remote.id, push.used);
      }
      if (pendingFor !== undefined) {
        const expiresAt = NOW + pendingFor;
        await tx.authenticators.begin(newAuthenticator(`p ${user}`, user, { expiresAt }));
      }
      if (disabled) await tx.accounts.disable(user, NOW);
    }
  });
}

/** To be enrolled by a challenge is to have used it. */
const activeOf = ({ totp, push }: Made) => [
  ...(totp ? [totp] : []),
  ...(push ? [{ ...push, used: push.used ?? push.enrolled }] : []),
];
const isBegun = ({ pendingFor }: Made) => pendingFor !== undefined && pendingFor > 0;

function statusOf(made: Made) {
  if (made.disabled) return "disabled";
  if (activeOf(made).length > 0) return "active";
  return isBegun(made) ? "pending" : "none";
}

function passes(made: Made, { status, method, unenrolled, unusedSince }: AccountQuery): boolean {
  const enrolled = activeOf(made);
  const methods = [
    ...(made.totp || isBegun(made) ? ["totp"] : []),
    ...(made.push ? ["duo-push"] : []),
  ];
  if (status !== undefined && status !== statusOf(made)) return false;
  if (method !== undefined && !methods.includes(method)) return false;
  if (unenrolled && enrolled.length > 0) return false;
  if (unusedSince === undefined) return true;
  const lastSigns = enrolled.map(({ used, enrolled }) => used ?? enrolled);
  return lastSigns.length > 0 && lastSigns.every((at) => at < unusedSince);
}

/** Where it comes in a list: infinity for nothing active. */
function timeOf(made: Made, order: AccountQuery["order"]): number {
  const enrolled = activeOf(made);
  if (order === "name") return 0;
  if (enrolled.length === 0) return Number.POSITIVE_INFINITY;
  if (order === "enrolled") return Math.min(...enrolled.map((each) => each.enrolled));
  return Math.max(...enrolled.map(({ used }) => used ?? 0));
}

function inOrder(made: readonly Made[], order: AccountQuery["order"]): Made[] {
  return made.toSorted((one, other) => {
    const [a, b] = [timeOf(one, order), timeOf(other, order)];
    if (a !== b) return a < b ? -1 : 1;
    return Buffer.compare(Buffer.from(one.user), Buffer.from(other.user));
  });
}

async function listed(
  store: Store,
  query: AccountQuery,
  size: number,
  from?: AccountPlace,
): Promise<string[]> {
  const users: string[] = [];
  let place = from;
  do {
    const page = await store.read((view) => view.accounts.page(query, place, size));
    assert.ok(page.accounts.length <= size);
    users.push(...page.accounts.map(({ user }) => user));
    place = page.next;
  } while (place);
  return users;
}

export function filtersContract(open: OpenStore): void {
  test("a list is what the same filter and order make of an array, from any place on", async () => {
    const run = async (made: Made[], asked: AccountQuery, size: number, at: number) => {
      const store = await open();
      try {
        await fill(store, made);
        const ordered = inOrder(made, asked.order);
        const wanted = ordered.filter((each) => passes(each, asked)).map(({ user }) => user);
        assert.deepEqual(await listed(store, asked, size), wanted);

        const user = ordered[at % ordered.length]?.user;
        if (user === undefined) return;
        const place = await store.read((view) => view.accounts.placeOf(user, asked.order));
        const after = ordered.slice(1 + (at % ordered.length));
        assert.ok(place);
        assert.deepEqual(
          await listed(store, asked, size, place),
          after.filter((each) => passes(each, asked)).map(({ user }) => user),
        );
      } finally {
        await store.close();
      }
    };
    await fc.assert(
      fc.asyncProperty(accounts, query, fc.integer({ min: 1, max: 5 }), fc.nat(99), run),
      { numRuns: 120 },
    );
  });

  test("among names, those that are there and pass, by name", async () => {
    const names = fc.array(fc.constantFrom<string>("a", "B", "é", '"', "aB", "nobody"));
    await fc.assert(
      fc.asyncProperty(accounts, query, names, async (made, asked, users) => {
        const store = await open();
        try {
          await fill(store, made);
          const found = await store.read((view) => view.accounts.among(users, asked));
          const wanted = inOrder(made, "name").filter(
            (each) => users.includes(each.user) && passes(each, asked),
          );
          assert.deepEqual(
            found.map(({ user }) => user),
            wanted.map(({ user }) => user),
          );
        } finally {
          await store.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  test("who is not there has a place by name, and none by time", async (t) => {
    const store = await opened(t, open);
    await store.read(async ({ accounts }) => {
      assert.deepEqual(await accounts.placeOf("nobody", "name"), { user: "nobody" });
      assert.equal(await accounts.placeOf("nobody", "last-used"), undefined);
      assert.equal(await accounts.placeOf("nobody", "enrolled"), undefined);
    });
  });

  test("a page looks at no more rows than it may return, however few pass", async (t) => {
    const store = await opened(t, open);
    await store.transact(async (tx) => {
      for (let n = 0; n < 30; n++) await tx.accounts.ensure(`user${10 + n}`, `${n}`, NOW);
    });
    const asked = { order: "name", now: NOW, status: "active" } as const;
    const page = await store.read((view) => view.accounts.page(asked, undefined, 10));
    assert.deepEqual(page, { accounts: [], next: { user: "user19" } });
  });
}
