/** The counter of attempts: admission and counting are one statement (DESIGN.md 6.2). */
import type { Attempts } from "../../contracts/store.ts";
import {
  CLOCK_STEP,
  failureCeiling,
  LOCKED_FOREVER,
  MOST_DOUBLINGS,
  type ThrottlePolicy,
  throttledUntil,
} from "../../core/throttle.ts";
import { type Connection, integer } from "./connection.ts";

// core/throttle.ts in SQL, where it runs under the store's lock:
// ?1 key, ?2 now, ?3 free failures, ?4 first delay, ?5 longest delay, ?6 decay, ?7 lock after,
// ?8 ceiling, ?9 delayed until after a first failure.
const COUNT = `
INSERT INTO attempts (throttle_key, failures, counted_at, throttled_until) VALUES (?1, 1, ?2, ?9)
ON CONFLICT (throttle_key) DO UPDATE SET
  counted_at = ?2,
  (failures, throttled_until) = (
    SELECT f, CASE
      WHEN ?7 > 0 AND f >= ?7 THEN ${LOCKED_FOREVER}
      WHEN f < ?3 THEN ?2
      ELSE ?2 + min(?5, ?4 << min(f - ?3, ${MOST_DOUBLINGS}))
    END
    FROM (SELECT min(?8, max(0, attempts.failures - max(0, (?2 - attempts.counted_at) / ?6)) + 1) AS f)
  )
WHERE throttled_until <= ?2
  OR (counted_at > ?2 + ${CLOCK_STEP} AND throttled_until < ${LOCKED_FOREVER})
RETURNING failures`;

// One failure back; what was counted beside it goes on to count. ?1 key, ?2 free failures,
// ?3 first delay, ?4 longest delay, ?5 lock after.
const FORGIVE = `
UPDATE attempts SET (failures, throttled_until) = (
  SELECT f, CASE
    WHEN ?5 > 0 AND f >= ?5 THEN ${LOCKED_FOREVER}
    WHEN f < ?2 THEN attempts.counted_at
    ELSE attempts.counted_at + min(?4, ?3 << min(f - ?2, ${MOST_DOUBLINGS}))
  END
  FROM (SELECT attempts.failures - 1 AS f)
)
WHERE throttle_key = ?1 AND failures > 0`;

const DELAY_IN_FORCE = `
SELECT throttled_until FROM attempts WHERE throttle_key = ?1 AND throttled_until > ?2
  AND (counted_at <= ?2 + ${CLOCK_STEP} OR throttled_until = ${LOCKED_FOREVER})`;

const SWEEP = "DELETE FROM attempts WHERE counted_at < ?1 AND throttled_until < ?2";

export function attemptsIn(connection: Connection): Attempts {
  function retryAt(key: string, now: number): number | undefined {
    const row = connection.first(DELAY_IN_FORCE, key, now);
    return row ? integer(row, "throttled_until") : undefined;
  }

  return {
    async count(key, now, policy) {
      const counted = connection.first(COUNT, key, now, ...numbers(now, policy));
      if (counted) return { admitted: true, failures: integer(counted, "failures") };
      return { admitted: false, retryAt: retryAt(key, now) ?? now };
    },

    async retryAt(key, now) {
      return retryAt(key, now);
    },

    async forgive(key, { freeFailures, firstDelay, longestDelay, lockAfter }) {
      connection.run(FORGIVE, key, freeFailures, firstDelay, longestDelay, lockAfter);
    },

    async clear(key) {
      return connection.run("DELETE FROM attempts WHERE throttle_key = ?", key) === 1;
    },

    async sweep(now, policy) {
      connection.run(SWEEP, now - failureCeiling(policy) * policy.decay, now);
    },
  };
}

function numbers(now: number, policy: ThrottlePolicy): number[] {
  return [
    policy.freeFailures,
    policy.firstDelay,
    policy.longestDelay,
    policy.decay,
    policy.lockAfter,
    failureCeiling(policy),
    throttledUntil(1, now, policy),
  ];
}
