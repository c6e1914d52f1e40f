/** How often a challenge was begun for a user: each counted by one conditional statement. */
import type { ChallengeStarts } from "../../contracts/store.ts";
import { CLOCK_STEP } from "../../core/throttle.ts";
import { type Connection, integer } from "./connection.ts";

// One from the future (the clock was set back) holds nobody, as an attempt does not.
const IS_OVER = `(until <= ?3 OR first_at > ?3 + ${CLOCK_STEP})`;

// ?1 key, ?2 method, ?3 now, ?4 most, ?5 within.
const TAKE = `
INSERT INTO challenge_starts (throttle_key, method, starts, first_at, until)
VALUES (?1, ?2, 1, ?3, ?3 + ?5)
ON CONFLICT (throttle_key, method) DO UPDATE SET
  starts = CASE WHEN ${IS_OVER} THEN 1 ELSE starts + 1 END,
  first_at = CASE WHEN ${IS_OVER} THEN ?3 ELSE first_at END,
  until = CASE WHEN ${IS_OVER} THEN ?3 + ?5 ELSE first_at + ?5 END
WHERE starts < ?4 OR ${IS_OVER}`;

const GIVE_BACK = `
UPDATE challenge_starts SET starts = starts - 1
WHERE throttle_key = ? AND method = ? AND starts > 0`;

/** How many are dropped at once: a login does not wait for all of them. */
const SWEPT_AT_ONCE = 10;

const SWEEP = `
DELETE FROM challenge_starts WHERE (throttle_key, method) IN
  (SELECT throttle_key, method FROM challenge_starts WHERE until <= ? ORDER BY until LIMIT ?)`;

export function challengeStartsIn(connection: Connection): ChallengeStarts {
  return {
    async take(throttleKey, method, now, { most, within }) {
      if (connection.run(TAKE, throttleKey, method, now, most, within) === 1) return undefined;
      const sql = "SELECT until FROM challenge_starts WHERE throttle_key = ? AND method = ?";
      const row = connection.first(sql, throttleKey, method);
      return row ? integer(row, "until") : now + within;
    },

    async giveBack(throttleKey, method) {
      connection.run(GIVE_BACK, throttleKey, method);
    },

    async sweep(now) {
      connection.run(SWEEP, now, SWEPT_AT_ONCE);
    },
  };
}
