/** Accounts, and the overview of each that lists show. */
import type {
  Account,
  AccountOverview,
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

const OVERVIEW = `
SELECT a.name, a.created_at, a.disabled_at, a.alias, t.throttled_until,
  (SELECT count(*) FROM backup_codes b WHERE b.account = a.name AND b.used_at IS NULL) AS codes_left
FROM accounts a LEFT JOIN attempts t ON t.throttle_key = a.throttle_key`;

const ONE = `${OVERVIEW} WHERE a.name = ?`;

const NEXT = `${OVERVIEW} WHERE a.name > ? ORDER BY a.name LIMIT ?`;

const AUTHENTICATORS_BETWEEN = `
SELECT account, method, status, enrolled_at, last_used_at, expires_at FROM authenticators
WHERE account BETWEEN ? AND ? ORDER BY account, method, status`;

const CENSUS = `
SELECT
  CASE
    WHEN a.disabled_at IS NOT NULL THEN 'disabled'
    WHEN EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.status = 'active')
      THEN 'active'
    WHEN EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.expires_at > ?1)
      THEN 'pending'
    ELSE 'none'
  END AS state,
  count(*) AS accounts,
  sum(coalesce(t.throttled_until, 0) > ?1) AS throttled
FROM accounts a LEFT JOIN attempts t ON t.throttle_key = a.throttle_key GROUP BY 1`;

export function accountsIn(connection: Connection): Accounts {
  return {
    async find(user) {
      const sql = "SELECT name, created_at, disabled_at, alias FROM accounts WHERE name = ?";
      const row = connection.first(sql, user);
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
      return connection.run(sql, at, user) === 1;
    },

    async enable(user) {
      const sql =
        "UPDATE accounts SET disabled_at = NULL WHERE name = ? AND disabled_at IS NOT NULL";
      return connection.run(sql, user) === 1;
    },

    async setAlias(user, alias) {
      const sql = "UPDATE accounts SET alias = ?2 WHERE name = ?1 AND alias IS NOT ?2";
      return connection.run(sql, user, alias) === 1;
    },

    async isAnySpellingEnrolled(throttleKey) {
      const sql = `SELECT 1 FROM accounts a WHERE a.throttle_key = ? AND (a.disabled_at IS NOT NULL
        OR EXISTS (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.status = 'active'))`;
      return connection.first(sql, throttleKey) !== undefined;
    },

    async overview(user) {
      return withAuthenticators(connection, connection.all(ONE, user))[0];
    },

    async page(after, limit) {
      return withAuthenticators(connection, connection.all(NEXT, after, limit));
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

/** The rows are neighbours by name, so one range holds all that belongs to them. */
function withAuthenticators(connection: Connection, rows: readonly Row[]): AccountOverview[] {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return [];
  const related = connection.all(AUTHENTICATORS_BETWEEN, text(first, "name"), text(last, "name"));
  const byAccount = Map.groupBy(related, (row) => text(row, "account"));
  return rows.map((row) => toOverview(row, byAccount.get(text(row, "name")) ?? []));
}

function toAccount(row: Row): Account {
  return {
    user: text(row, "name"),
    createdAt: integer(row, "created_at"),
    disabledAt: optionalInteger(row, "disabled_at"),
    alias: optionalText(row, "alias"),
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
    status: text(row, "status") === "active" ? "active" : "pending",
    enrolledAt: optionalInteger(row, "enrolled_at"),
    lastUsedAt: optionalInteger(row, "last_used_at"),
    expiresAt: optionalInteger(row, "expires_at"),
  };
}
