/** Accounts, and the overview of each that lists show. */
import type {
  Account,
  AccountOverview,
  AccountPage,
  AccountPlace,
  AccountQuery,
  Accounts,
  AuthenticatorOverview,
} from "../../contracts/store.ts";
import {
  type Connection,
  integer,
  optionalInteger,
  optionalText,
  type Row,
  text,
} from "./connection.ts";
import { endTicketsOf } from "./grace-tickets.ts";

const OVERVIEW = `
SELECT a.name, a.created_at, a.disabled_at, a.alias, a.preferred_method, a.message,
  t.throttled_until,
  (SELECT count(*) FROM backup_codes b WHERE b.account = a.name AND b.used_at IS NULL) AS codes_left
FROM accounts a LEFT JOIN attempts t ON t.throttle_key = a.throttle_key`;

const ONE = `${OVERVIEW} WHERE a.name = ?`;

const AUTHENTICATORS = `
SELECT account, method, serial, status, enrolled_at, last_used_at, expires_at FROM authenticators
WHERE account IN (SELECT value FROM json_each(?)) ORDER BY account, method, status, serial`;

const IS_ENROLLED =
  "EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.status = 'active')";

/** At the time ?1. */
const STATE = `
  CASE
    WHEN a.disabled_at IS NOT NULL THEN 'disabled'
    WHEN ${IS_ENROLLED} THEN 'active'
    WHEN EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.expires_at > ?1)
      THEN 'pending'
    ELSE 'none'
  END`;

/** Its parameters are those of `filterOf`. */
const PASSES = `
  (?2 IS NULL OR ?2 = ${STATE})
  AND (?3 IS NULL OR EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name
    AND u.method = ?3 AND (u.status = 'active' OR u.expires_at > ?1)))
  AND (NOT ?4 OR NOT ${IS_ENROLLED})
  AND (?5 IS NULL OR (${IS_ENROLLED} AND NOT EXISTS (SELECT 1 FROM authenticators u
    WHERE u.account = a.name AND u.status = 'active'
    AND coalesce(u.last_used_at, u.enrolled_at, u.created_at) >= ?5)))`;

const NEXT = `
${OVERVIEW} WHERE a.name > ?6 AND a.name <= ?7 AND ${PASSES} ORDER BY a.name`;

const AMONG = `
${OVERVIEW} WHERE a.name IN (SELECT value FROM json_each(?6)) AND ${PASSES} ORDER BY a.name`;

const LAST_SEEN = `
SELECT max(name) AS name, count(*) AS seen
FROM (SELECT name FROM accounts WHERE name > ? ORDER BY name LIMIT ?)`;

/** An account is where the latest use is of what it has, and where its first enrollment is. */
const BY_TIME = {
  "last-used": byTime("last_used_at", "max"),
  enrolled: byTime("enrolled_at", "min"),
};

type Statements = ReturnType<typeof byTime>;

/** Each of them reads the index from where it is to begin, and no further than it must. */
function byTime(column: string, extreme: "max" | "min") {
  // As the index has it, to the letter.
  const time = `coalesce(${column}, 0)`;
  const rows = `
SELECT account, ${time} AS at, ${time} = (
    SELECT ${extreme}(coalesce(o.${column}, 0)) FROM authenticators o
    WHERE o.account = u.account AND o.status = 'active'
  ) AS decides
FROM authenticators u WHERE status = 'active' AND`;
  return {
    sameTime: `${rows} ${time} = ? AND account > ? ORDER BY account LIMIT ?`,
    later: `${rows} ${time} > ? ORDER BY ${time}, account LIMIT ?`,
    place: `
SELECT ${extreme}(${time}) AS at FROM authenticators WHERE account = ? AND status = 'active'`,
  };
}

const CENSUS = `
SELECT ${STATE} AS state,
  count(*) AS accounts,
  sum(coalesce(t.throttled_until, 0) > ?1) AS throttled
FROM accounts a LEFT JOIN attempts t ON t.throttle_key = a.throttle_key GROUP BY 1`;

export function accountsIn(connection: Connection): Accounts {
  return {
    async find(user) {
      const row = connection.first("SELECT * FROM accounts WHERE name = ?", user);
      return row ? toAccount(row) : undefined;
    },

    async ensure(user, throttleKey, at) {
      connection.run(
        `INSERT INTO accounts (name, throttle_key, created_at) VALUES (?, ?, ?)
         ON CONFLICT (name) DO NOTHING`,
        user,
        throttleKey,
        at,
      );
    },

    async disable(user, at) {
      const sql = "UPDATE accounts SET disabled_at = ? WHERE name = ? AND disabled_at IS NULL";
      endTicketsOf(connection, user);
      return connection.run(sql, at, user) === 1;
    },

    async enable(user) {
      const sql =
        "UPDATE accounts SET disabled_at = NULL WHERE name = ? AND disabled_at IS NOT NULL";
      return connection.run(sql, user) === 1;
    },

    async setAlias(user, alias) {
      const sql = "UPDATE accounts SET alias = ?2 WHERE name = ?1 AND alias IS NOT ?2";
      if (connection.run(sql, user, alias) !== 1) return false;
      // Whoever approved was asked by the other name.
      endTicketsOf(connection, user);
      return true;
    },

    async setPreferredMethod(user, method) {
      const sql = `UPDATE accounts SET preferred_method = ?2
        WHERE name = ?1 AND preferred_method IS NOT ?2`;
      return connection.run(sql, user, method) === 1;
    },

    async forgetPreferredMethod(method) {
      const sql = "UPDATE accounts SET preferred_method = NULL WHERE preferred_method = ?";
      connection.run(sql, method);
    },

    async setMessage(user, message) {
      const sql = "UPDATE accounts SET message = ?2 WHERE name = ?1 AND message IS NOT ?2";
      return connection.run(sql, user, message) === 1;
    },

    async isAnySpellingEnrolled(throttleKey) {
      const sql = `SELECT 1 FROM accounts a WHERE a.throttle_key = ? AND (a.disabled_at IS NOT NULL
        OR EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.status = 'active'))`;
      return connection.first(sql, throttleKey) !== undefined;
    },

    async isDisabled(user, throttleKey) {
      const sql = `SELECT 1 WHERE coalesce(
        (SELECT disabled_at IS NOT NULL FROM accounts WHERE name = ?1),
        EXISTS (SELECT 1 FROM accounts WHERE throttle_key = ?2 AND disabled_at IS NOT NULL))`;
      return connection.first(sql, user, throttleKey) !== undefined;
    },

    async isAnyDisabled(throttleKey) {
      const sql = "SELECT 1 FROM accounts WHERE throttle_key = ? AND disabled_at IS NOT NULL";
      return connection.first(sql, throttleKey) !== undefined;
    },

    async overview(user) {
      return withAuthenticators(connection, connection.all(ONE, user))[0];
    },

    async page(query, from, limit) {
      const { order } = query;
      if (order === "name") return nextByName(connection, query, from?.user ?? "", limit);
      if (!from || from.at !== undefined) {
        return nextByTime(connection, query, BY_TIME[order], from, limit);
      }
      return nextByName(connection, { ...query, unenrolled: true }, from.user, limit);
    },

    async among(users, query) {
      const rows = connection.all(AMONG, ...filterOf(query), JSON.stringify(users));
      return withAuthenticators(connection, rows);
    },

    async placeOf(user, order) {
      if (order === "name") return { user };
      const row = connection.first("SELECT 1 FROM accounts WHERE name = ?", user);
      const time = connection.first(BY_TIME[order].place, user);
      return row && time && { user, at: optionalInteger(time, "at") };
    },

    async census(now) {
      const census = { active: 0, pending: 0, disabled: 0, none: 0, throttled: 0 };
      for (const row of connection.all(CENSUS, now)) {
        census[text(row, "state") as "active"] = integer(row, "accounts");
        census.throttled += integer(row, "throttled");
      }
      return census;
    },
  };
}

function filterOf({ now, status, method, unenrolled = false, unusedSince }: AccountQuery) {
  return [now, status, method, unenrolled, unusedSince] as const;
}

function nextByName(
  connection: Connection,
  query: AccountQuery,
  after: string,
  limit: number,
): AccountPage {
  const seen = connection.first(LAST_SEEN, after, limit);
  const last = seen && optionalText(seen, "name");
  if (last === undefined) return { accounts: [], next: undefined };
  const rows = connection.all(NEXT, ...filterOf(query), after, last);
  return { accounts: withAuthenticators(connection, rows), next: { user: last } };
}

/** What comes before every time: a row that was planted with a negative one is listed, too. */
const BEGINNING = { at: Number.MIN_SAFE_INTEGER, user: "" };

function nextByTime(
  connection: Connection,
  query: AccountQuery,
  statements: Statements,
  from: AccountPlace | undefined,
  limit: number,
): AccountPage {
  const { at = BEGINNING.at, user } = from ?? BEGINNING;
  const same = connection.all(statements.sameTime, at, user, limit);
  const seen = [...same, ...connection.all(statements.later, at, limit - same.length)];
  const last = seen.at(-1);
  // Who has nothing active comes after all these, by name.
  if (!last) return { accounts: [], next: { user: "" } };
  const deciding = seen.filter((row) => integer(row, "decides") === 1);
  const users = [...new Set(deciding.map((row) => text(row, "account")))];
  const rows = connection.all(AMONG, ...filterOf(query), JSON.stringify(users));
  const found = Map.groupBy(withAuthenticators(connection, rows), (account) => account.user);
  return {
    accounts: users.flatMap((name) => found.get(name) ?? []),
    next: { user: text(last, "account"), at: integer(last, "at") },
  };
}

function withAuthenticators(connection: Connection, rows: readonly Row[]): AccountOverview[] {
  if (rows.length === 0) return [];
  const names = JSON.stringify(rows.map((row) => text(row, "name")));
  const related = connection.all(AUTHENTICATORS, names);
  const byAccount = Map.groupBy(related, (row) => text(row, "account"));
  return rows.map((row) => toOverview(row, byAccount.get(text(row, "name")) ?? []));
}

function toAccount(row: Row): Account {
  return {
    user: text(row, "name"),
    createdAt: integer(row, "created_at"),
    disabledAt: optionalInteger(row, "disabled_at"),
    alias: optionalText(row, "alias"),
    preferredMethod: optionalText(row, "preferred_method"),
    message: optionalText(row, "message"),
  };
}

function toOverview(row: Row, authenticators: readonly Row[]): AccountOverview {
  return {
    ...toAccount(row),
    authenticators: authenticators.map(toAuthenticatorOverview),
    backupCodesLeft: integer(row, "codes_left"),
    throttledUntil: optionalInteger(row, "throttled_until"),
  };
}

/** Shared with the authenticators' own statements. */
export function toAuthenticatorOverview(row: Row): AuthenticatorOverview {
  return {
    method: text(row, "method"),
    serial: text(row, "serial"),
    status: text(row, "status") === "active" ? "active" : "pending",
    enrolledAt: optionalInteger(row, "enrolled_at"),
    lastUsedAt: optionalInteger(row, "last_used_at"),
    expiresAt: optionalInteger(row, "expires_at"),
  };
}
