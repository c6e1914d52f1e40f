/** Lists, pages and counts say the same as one account looked at alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type {
  AccountOverview,
  AccountPlace,
  AccountQuery,
  Store,
} from "../../src/contracts/store.ts";
import { throttleKey } from "../../src/core/account.ts";
import { DEFAULT_THROTTLE } from "../../src/core/throttle.ts";
import { NOW, newAuthenticator, type OpenStore, opened } from "./opened.ts";

/** What one account is made of, by chance. */
const content = fc.record({
  user: fc.string({
    unit: fc.constantFrom("a", "B", "é", "Z", "🧑", "\uffee", "-", "_"),
    minLength: 1,
    maxLength: 4,
  }),
  active: fc.boolean(),
  pendingFor: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
  disabled: fc.boolean(),
  codes: fc.option(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { nil: undefined }),
  failures: fc.nat({ max: 7 }),
});
type Content = typeof content extends fc.Arbitrary<infer T> ? T : never;

const contents = fc.uniqueArray(content, { selector: ({ user }) => user, maxLength: 12 });

function fill(store: Store, accounts: readonly Content[]): Promise<void> {
  return store.transact(async (tx) => {
    for (const { user, active, pendingFor, disabled, codes, failures } of accounts) {
      await tx.accounts.ensure(user, throttleKey(user), NOW);
      if (active) {
        await tx.authenticators.begin(newAuthenticator(`a ${user}`, user));
        await tx.authenticators.activate(`a ${user}`, 1, 0, NOW + 1);
      }
      if (pendingFor !== undefined) {
        const expiresAt = NOW + pendingFor;
        await tx.authenticators.begin(newAuthenticator(`p ${user}`, user, { expiresAt }));
      }
      if (disabled) await tx.accounts.disable(user, NOW + 2);
      if (codes) {
        const hashes = Array.from({ length: codes[0] }, (_, index) => Buffer.of(index));
        const set = { salt: Buffer.of(1), cost: { N: 2, r: 1, p: 1 }, hashes };
        await tx.backupCodes.replace(user, set, NOW);
        for (const hash of hashes.slice(0, codes[1])) await tx.backupCodes.spend(user, hash, NOW);
      }
      for (let n = 0; n < failures; n++) {
        await tx.attempts.count(throttleKey(user), NOW, DEFAULT_THROTTLE);
      }
    }
  });
}

const EVERYBODY = { order: "name", now: NOW } as const;

async function pagesOf(
  store: Store,
  size: number,
  query: AccountQuery = EVERYBODY,
  from?: AccountPlace,
): Promise<AccountOverview[]> {
  const all: AccountOverview[] = [];
  let place = from;
  do {
    const page = await store.read((view) => view.accounts.page(query, place, size));
    assert.ok(page.accounts.length <= size);
    all.push(...page.accounts);
    place = page.next;
  } while (place);
  return all;
}

export function listsContract(open: OpenStore): void {
  test("pages of any size hold every account once, in order of bytes, as it is alone", async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 5 }), async (accounts, size) => {
        const store = await open();
        try {
          await fill(store, accounts);
          const listed = await pagesOf(store, size);
          const inOrder = accounts
            .map(({ user }) => user)
            .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          assert.deepEqual(
            listed.map(({ user }) => user),
            inOrder,
          );
          for (const overview of listed) {
            const alone = await store.read((view) => view.accounts.overview(overview.user));
            assert.deepEqual(overview, alone);
            const made = accounts.find(({ user }) => user === overview.user);
            assert.ok(made);
            assert.equal(
              overview.authenticators.length,
              Number(made.active) + Number(made.pendingFor !== undefined),
            );
            const [codes, used] = made.codes ?? [0, 0];
            assert.equal(overview.backupCodesLeft, Math.max(0, codes - used));
            assert.equal(overview.disabledAt !== undefined, made.disabled);
          }
        } finally {
          await store.close();
        }
      }),
      { numRuns: 30 },
    );
  });

  test("the census counts each account as what it is", async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (accounts) => {
        const store = await open();
        try {
          await fill(store, accounts);
          const census = await store.read((view) => view.accounts.census(NOW));
          const expected = { active: 0, pending: 0, disabled: 0, none: 0, throttled: 0 };
          const failures = new Map<string, number>();
          for (const each of accounts) {
            expected[stateOf(each)]++;
            const key = throttleKey(each.user);
            failures.set(key, (failures.get(key) ?? 0) + each.failures);
          }
          // Spellings of one name share the counter, so all of them are throttled.
          for (const { user } of accounts) {
            if ((failures.get(throttleKey(user)) ?? 0) >= 5) expected.throttled++;
          }
          assert.deepEqual(census, expected);
        } finally {
          await store.close();
        }
      }),
      { numRuns: 30 },
    );
  });

  test("an account that is not there has no overview", async (t) => {
    const store = await opened(t, open);
    assert.equal(await store.read((view) => view.accounts.overview("alice")), undefined);
    assert.deepEqual(await pagesOf(store, 10), []);
    assert.deepEqual(await pagesOf(store, 10, { order: "last-used", now: NOW }), []);
  });
}

function stateOf({ disabled, active, pendingFor }: Content) {
  if (disabled) return "disabled";
  if (active) return "active";
  return pendingFor !== undefined && pendingFor > 0 ? "pending" : "none";
}
