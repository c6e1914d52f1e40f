/** Authenticators. A time step is spent by one conditional statement (DESIGN.md 6.1). */
import type { Authenticator, Authenticators } from "../../contracts/store.ts";
import type { Algorithm, Digits, Period } from "../../core/totp.ts";
import { toAuthenticatorOverview } from "./accounts.ts";
import { bytes, type Connection, integer, optionalText, type Row, text } from "./connection.ts";
import { endTicketsOf } from "./grace-tickets.ts";

const BEGIN = `
INSERT INTO authenticators
  (id, account, method, status, sealed_secret, algorithm, digits, period, created_at, expires_at,
    invitation)
VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?)`;

const REMOVE_REPLACED = `
DELETE FROM authenticators WHERE status = 'active' AND (account, method) IN
  (SELECT account, method FROM authenticators WHERE id = ? AND status = 'pending' AND expires_at > ?)`;

const ACTIVATE = `
UPDATE authenticators
SET status = 'active', last_time_step = ?, drift = ?, enrolled_at = ?, expires_at = NULL,
  invitation = NULL
WHERE id = ? AND status = 'pending' AND expires_at > ?`;

const SPEND = `
UPDATE authenticators SET last_time_step = ?2, drift = ?3, last_used_at = ?4
WHERE id = ?1 AND status = 'active' AND last_time_step < ?2`;

// Beside the uniqueness of the table: another spelling may be the same account to the host.
const ADD_FIRST = `
INSERT INTO authenticators (id, account, method, status, sealed_secret, algorithm, digits, period,
  last_time_step, drift, created_at, enrolled_at)
SELECT ?1, ?2, ?3, 'active', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10
WHERE NOT EXISTS (SELECT 1 FROM accounts a
  WHERE a.throttle_key = (SELECT throttle_key FROM accounts WHERE name = ?2)
  AND (a.disabled_at IS NOT NULL OR EXISTS
    (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.status = 'active')))
ON CONFLICT (account, method, status) DO NOTHING`;

const FIND_REMOTE = `
SELECT id FROM authenticators
WHERE account = ? AND method = ? AND status = 'active' AND sealed_secret IS NULL`;

const ADD_REMOTE = `
INSERT INTO authenticators (id, account, method, status, created_at, enrolled_at, last_used_at)
VALUES (?1, ?2, ?3, 'active', ?4, ?4, ?4) ON CONFLICT (account, method, status) DO NOTHING`;

const NOTE_USE = "UPDATE authenticators SET last_used_at = ?2 WHERE id = ?1 AND status = 'active'";

const END_TICKETS_BESIDE =
  "DELETE FROM grace_tickets WHERE account = (SELECT account FROM authenticators WHERE id = ?)";

const END_TICKETS_OF_METHOD = `
DELETE FROM grace_tickets WHERE account IN
  (SELECT account FROM authenticators WHERE method = ? AND status = 'active')`;

const TALLY = `
SELECT method, count(*) AS authenticators FROM authenticators WHERE status = 'active' GROUP BY method`;

export function authenticatorsIn(connection: Connection): Authenticators {
  return {
    async begin(a) {
      connection.run(
        "DELETE FROM authenticators WHERE account = ? AND method = ? AND status = 'pending'",
        a.user,
        a.method,
      );
      const { algorithm, digits, period } = a;
      connection.run(
        BEGIN,
        a.id,
        a.user,
        a.method,
        a.sealedSecret,
        algorithm,
        digits,
        period,
        a.createdAt,
        a.expiresAt,
        a.invitation,
      );
    },

    async find(user, method, status) {
      const sql = "SELECT * FROM authenticators WHERE account = ? AND method = ? AND status = ?";
      const row = connection.first(sql, user, method, status);
      return row ? toAuthenticator(row) : undefined;
    },

    async activate(id, step, drift, at) {
      connection.run(REMOVE_REPLACED, id, at);
      if (connection.run(ACTIVATE, step, drift, at, id, at) !== 1) return false;
      connection.run(END_TICKETS_BESIDE, id);
      return true;
    },

    async addFirst({ id, user, method, sealedSecret, step, drift, ...parameters }, at) {
      const { algorithm, digits, period } = parameters;
      const row = [id, user, method, sealedSecret, algorithm, digits, period, step, drift, at];
      return connection.run(ADD_FIRST, ...row) === 1;
    },

    async spendTimeStep(id, step, drift, at) {
      return connection.run(SPEND, id, step, drift, at) === 1;
    },

    async findRemote(user, method) {
      const row = connection.first(FIND_REMOTE, user, method);
      return row ? { id: text(row, "id"), user, method } : undefined;
    },

    async addRemote({ id, user, method }, at) {
      if (connection.run(ADD_REMOTE, id, user, method, at) !== 1) return false;
      endTicketsOf(connection, user);
      return true;
    },

    async noteUse(id, at) {
      return connection.run(NOTE_USE, id, at) === 1;
    },

    async tally() {
      const rows = connection.all(TALLY);
      return new Map(rows.map((row) => [text(row, "method"), integer(row, "authenticators")]));
    },

    async purge(method) {
      connection.run(END_TICKETS_OF_METHOD, method);
      return connection.run("DELETE FROM authenticators WHERE method = ?", method);
    },

    async remove(user, method, status) {
      if (status !== "pending") endTicketsOf(connection, user);
      return connection.run(
        `DELETE FROM authenticators
         WHERE account = ?1 AND method = coalesce(?2, method) AND status = coalesce(?3, status)`,
        user,
        method,
        status,
      );
    },
  };
}

// The CHECK constraints of the schema hold what the narrower types promise.
function toAuthenticator(row: Row): Authenticator {
  return {
    ...toAuthenticatorOverview(row),
    id: text(row, "id"),
    user: text(row, "account"),
    sealedSecret: bytes(row, "sealed_secret"),
    algorithm: text(row, "algorithm") as Algorithm,
    digits: integer(row, "digits") as Digits,
    period: integer(row, "period") as Period,
    drift: integer(row, "drift"),
    invitation: optionalText(row, "invitation"),
    lastTimeStep: integer(row, "last_time_step"),
  };
}
