/** Counting in the store says what core/throttle.ts says, whatever the policy and the clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Admission, Store } from "../../src/contracts/store.ts";
import {
  CLOCK_STEP,
  DEFAULT_THROTTLE,
  decayed,
  failureCeiling,
  LOCKED_FOREVER,
  type ThrottlePolicy,
  throttledUntil,
} from "../../src/core/throttle.ts";
import { NOW, type OpenStore, opened } from "./opened.ts";

/** The counter of one account, as the pure rules have it. */
class Counter {
  readonly #policy: ThrottlePolicy;
  #state: { failures: number; countedAt: number; until: number } | undefined;

  constructor(policy: ThrottlePolicy) {
    this.#policy = policy;
  }

  retryAt(now: number): number | undefined {
    if (!this.#state || this.#state.until <= now) return undefined;
    const { countedAt, until } = this.#state;
    return countedAt > now + CLOCK_STEP && until !== LOCKED_FOREVER ? undefined : until;
  }

  count(now: number): Admission {
    const retryAt = this.retryAt(now);
    if (retryAt !== undefined) return { admitted: false, retryAt };
    const { failures = 0, countedAt = now } = this.#state ?? {};
    const left = decayed(failures, countedAt, now, this.#policy);
    const counted = Math.min(failureCeiling(this.#policy), left + 1);
    const until = throttledUntil(counted, now, this.#policy);
    this.#state = { failures: counted, countedAt: now, until };
    return { admitted: true, failures: counted };
  }

  forgive(): void {
    if (!this.#state || this.#state.failures === 0) return;
    const { failures, countedAt } = this.#state;
    const until = throttledUntil(failures - 1, countedAt, this.#policy);
    this.#state = { failures: failures - 1, countedAt, until };
  }
}

const policies: fc.Arbitrary<ThrottlePolicy> = fc.record({
  freeFailures: fc.integer({ min: 1, max: 8 }),
  firstDelay: fc.integer({ min: 1, max: 3_600_000 }),
  longestDelay: fc.integer({ min: 1, max: 86_400_000 }),
  decay: fc.integer({ min: 1, max: 86_400_000 }),
  lockAfter: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
});

/** Pauses between attempts: none, short, long, and steps of the clock back. */
const pauses = fc.array(
  fc.oneof(
    fc.constantFrom(0, 1, 999, 2_000, -1, -CLOCK_STEP, -CLOCK_STEP - 1, -3_600_000),
    fc.integer({ min: -100_000, max: 1_000_000 }),
    fc.integer({ min: 0, max: 864_000_000 }),
  ),
  { minLength: 1, maxLength: 40 },
);

const count = (store: Store, key: string, now: number, policy = DEFAULT_THROTTLE) =>
  store.transact((tx) => tx.attempts.count(key, now, policy));

export function attemptsContract(open: OpenStore): void {
  test("under any policy and any clock the store counts as the pure rules do", async (t) => {
    const store = await opened(t, open);
    let next = 0;
    await fc.assert(
      fc.asyncProperty(policies, pauses, async (policy, waits) => {
        const key = `key ${next++}`;
        const counter = new Counter(policy);
        await store.transact(async ({ attempts }) => {
          let now = NOW;
          for (const wait of waits) {
            now += wait;
            assert.equal(await attempts.retryAt(key, now, policy), counter.retryAt(now));
            assert.deepEqual(await attempts.count(key, now, policy), counter.count(now));
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  test("forgiving takes back one attempt, and not the delay that others earned", async (t) => {
    const store = await opened(t, open);
    let next = 0;
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 900_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(policies, steps, async (policy, all) => {
        const key = `forgiven ${next++}`;
        const counter = new Counter(policy);
        await store.transact(async ({ attempts }) => {
          let now = NOW;
          for (const [forgives, wait] of all) {
            now += wait;
            if (forgives) {
              await attempts.forgive(key, policy);
              counter.forgive();
            } else assert.deepEqual(await attempts.count(key, now, policy), counter.count(now));
            assert.equal(await attempts.retryAt(key, now, policy), counter.retryAt(now));
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test("what is not admitted does not lengthen the delay", async (t) => {
    const store = await opened(t, open);
    for (let n = 0; n < 5; n++) assert.ok((await count(store, "a", NOW)).admitted);
    for (let n = 0; n < 1_000; n += 100) {
      assert.deepEqual(await count(store, "a", NOW + n), { admitted: false, retryAt: NOW + 2_000 });
    }
    assert.deepEqual(await count(store, "a", NOW + 2_000), { admitted: true, failures: 6 });
    assert.deepEqual(await count(store, "a", NOW + 2_000), {
      admitted: false,
      retryAt: NOW + 6_000,
    });
  });

  test("of a hundred attempts at once, as many are admitted as are free", async (t) => {
    const store = await opened(t, open);
    const all = await Promise.all(Array.from({ length: 100 }, () => count(store, "a", NOW)));
    assert.equal(all.filter(({ admitted }) => admitted).length, 5);
  });

  test("each key has a counter of its own, and clearing forgets one", async (t) => {
    const store = await opened(t, open);
    for (let n = 0; n < 5; n++) await count(store, "a", NOW);
    assert.ok((await count(store, "b", NOW)).admitted);
    const clear = (key: string) => store.transact((tx) => tx.attempts.clear(key));
    assert.deepEqual([await clear("a"), await clear("a"), await clear("c")], [true, false, false]);
    assert.deepEqual(await count(store, "a", NOW), { admitted: true, failures: 1 });
    assert.deepEqual(await count(store, "b", NOW), { admitted: true, failures: 2 });
  });

  test("a lock stands whatever the clock does, until it is cleared", async (t) => {
    const store = await opened(t, open);
    const policy = { ...DEFAULT_THROTTLE, lockAfter: 3 };
    for (let n = 0; n < 3; n++) await count(store, "a", NOW, policy);
    for (const now of [NOW, NOW - 86_400_000, NOW + 10 * 365 * 86_400_000, 0]) {
      const held = { admitted: false, retryAt: LOCKED_FOREVER };
      assert.deepEqual(await count(store, "a", now, policy), held);
      await store.transact((tx) => tx.attempts.sweep(now, policy));
    }
    await store.transact((tx) => tx.attempts.clear("a"));
    assert.ok((await count(store, "a", NOW, policy)).admitted);
  });

  test("sweeping changes nobody's count: it drops what has faded, and nothing before", async (t) => {
    const store = await opened(t, open);
    let next = 0;
    const quiet = fc.integer({ min: 0, max: 20 * DEFAULT_THROTTLE.decay });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), quiet, async (failures, wait) => {
        const [swept, left] = [`swept ${next}`, `left ${next++}`];
        await store.transact(async ({ attempts }) => {
          for (let n = 0; n < failures; n++) {
            await attempts.count(swept, NOW, DEFAULT_THROTTLE);
            await attempts.count(left, NOW + wait, DEFAULT_THROTTLE);
          }
          await attempts.sweep(NOW + wait, DEFAULT_THROTTLE);
          const counter = new Counter(DEFAULT_THROTTLE);
          for (let n = 0; n < failures; n++) counter.count(NOW);
          const after = await attempts.count(swept, NOW + wait, DEFAULT_THROTTLE);
          assert.deepEqual(after, counter.count(NOW + wait));
          assert.ok(await attempts.clear(left));
        });
      }),
    );
    const key = "long ago";
    await count(store, key, NOW);
    await store.transact((tx) => tx.attempts.sweep(NOW + 365 * 86_400_000, DEFAULT_THROTTLE));
    assert.equal(await store.transact((tx) => tx.attempts.clear(key)), false);
  });
}
