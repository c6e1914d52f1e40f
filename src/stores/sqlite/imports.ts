/**
 * What imports bring. Each row is added by a statement that is conditional on what was found when
 * it was examined: somebody may have enrolled since.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StagedRow } from "../../contracts/staging.ts";
import type { Imports, Unfitting } from "../../contracts/store.ts";
import { throttleKey } from "../../core/account.ts";
import { timeStepAt } from "../../core/totp.ts";
import { backupCodesIn } from "./backup-codes.ts";
import type { Connection } from "./connection.ts";
import { tokensIn } from "./tokens.ts";

/** Under any spelling of the name: it may be the same account to the host. */
const isBarred = (key: string) =>
  `EXISTS (SELECT 1 FROM accounts b WHERE b.throttle_key = ${key} AND b.disabled_at IS NOT NULL)`;

const isTaken = (method: string, serial: string) => `(${serial} <> '' AND (
  EXISTS (SELECT 1 FROM authenticators o WHERE o.method = ${method} AND o.serial = ${serial}
    AND o.status = 'active' AND o.serial <> '')
  OR EXISTS (SELECT 1 FROM tokens t WHERE t.method = ${method} AND t.serial = ${serial})))`;

// Nobody is left behind who has nothing. For many at once: SQLite sets a table aside for each
// statement that reads what it writes.
const ENSURE = `
INSERT INTO accounts (name, throttle_key, created_at)
SELECT DISTINCT value ->> 0, value ->> 1, ?2 FROM json_each(?1)
WHERE NOT ${isBarred("value ->> 1")} AND NOT ${isTaken("value ->> 2", "value ->> 3")}
ON CONFLICT (name) DO NOTHING`;

const ADD = `
INSERT INTO authenticators (account, method, serial, created_at, enrolled_at, id, sealed_secret,
  algorithm, digits, period, last_counter, skew, status)
SELECT a.name, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'active' FROM accounts a
WHERE a.name = ?1 AND NOT ${isBarred("?2")}`;
const ADD_WITHOUT_SERIAL = `${ADD} ON CONFLICT DO NOTHING`;
const ADD_WITH_SERIAL = `${ADD} AND NOT ${isTaken("?3", "?4")} ON CONFLICT DO NOTHING`;

/** By any method, and under any spelling. */
const HAS_ENROLLED = `
SELECT 1 FROM accounts a JOIN authenticators u ON u.account = a.name
WHERE a.throttle_key = ? AND u.status = 'active' LIMIT 1`;

const WHY = `
SELECT CASE WHEN ${isBarred("?1")} THEN 'disabled' WHEN ${isTaken("?2", "?3")} THEN 'serial'
  ELSE 'method' END AS why`;

const OF_THESE = "account IN (SELECT value FROM json_each(?))";
/** As where somebody enrolls: what was begun before, or allowed to begin, was for having nothing. */
const CLEAR = [
  `DELETE FROM authenticators WHERE status = 'pending' AND ${OF_THESE}`,
  `DELETE FROM invitations WHERE used_at IS NULL AND ${OF_THESE}`,
  `DELETE FROM grace_tickets WHERE ${OF_THESE}`,
] as const;

export function importsIn(connection: Connection): Imports {
  const tokens = tokensIn(connection);
  const backupCodes = backupCodesIn(connection);

  async function addToken(row: StagedRow, at: number): Promise<Unfitting["why"] | undefined> {
    const token = { ...row, digits: row.digits as 6, lastCounter: counterOf(row, at) };
    return (await tokens.add(token, at)) ? undefined : "serial";
  }

  function addAuthenticator(
    row: StagedRow,
    user: string,
    at: number,
  ): Unfitting["why"] | undefined {
    const { method, serial, id, sealedSecret, algorithm, digits, period, skew } = row;
    const key = throttleKey(user);
    if (row.isFound && connection.first(HAS_ENROLLED, key)) return "enrolled";
    const own = [id, sealedSecret, algorithm, digits, period, counterOf(row, at), skew];
    const sql = serial === "" ? ADD_WITHOUT_SERIAL : ADD_WITH_SERIAL;
    if (connection.run(sql, user, key, method, serial, at, ...own) === 1) return undefined;
    return connection.first(WHY, key, method, serial)?.why as Unfitting["why"];
  }

  /** False for who has some already: those they hold in their hand go on working. */
  async function addCodes({ codes }: StagedRow, user: string, at: number): Promise<boolean> {
    if (!codes || ((await backupCodes.find(user))?.left ?? 0) > 0) return false;
    await backupCodes.replace(user, codes, at);
    return true;
  }

  return {
    async add(rows, at) {
      const unfitting: Unfitting[] = [];
      const users = new Set<string>();
      let backupCodeSets = 0;
      connection.run(ENSURE, ownersOf(rows), at);
      for (const row of rows) {
        const { user } = row;
        const why = user === undefined ? await addToken(row, at) : addAuthenticator(row, user, at);
        if (why !== undefined) unfitting.push({ row, why });
        else if (user !== undefined) {
          users.add(user);
          if (await addCodes(row, user, at)) backupCodeSets += 1;
        }
      }
      const names = JSON.stringify([...users]);
      for (const sql of users.size > 0 ? CLEAR : []) connection.run(sql, names);
      // Who logs in meanwhile waits for the store, but is to be heard.
      await nextTurn();
      return { unfitting, backupCodeSets };
    },
  };
}

/** As `ENSURE` reads them. */
function ownersOf(rows: readonly StagedRow[]): string {
  return JSON.stringify(
    rows.flatMap(({ user, method, serial }) =>
      user === undefined ? [] : [[user, throttleKey(user), method, serial]],
    ),
  );
}

/**
 * Where it is not known, what could have been used by now counts as used: the other modules take
 * the step after this one as well, of a device that is ahead.
 */
function counterOf({ lastCounter, period, skew }: StagedRow, at: number): number {
  if (lastCounter !== undefined) return lastCounter;
  if (period === undefined) throw new RangeError("a counter that no clock tells");
  return timeStepAt(at, period) + skew + 1;
}
