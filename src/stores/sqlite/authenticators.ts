/** Authenticators. A time step is spent by one conditional statement (DESIGN.md 6.1). */
import type { Authenticator, Authenticators } from "../../contracts/store.ts";
import { ALGORITHMS, DIGITS, type KeptParameters } from "../../core/totp.ts";
import { toAuthenticatorOverview } from "./accounts.ts";
import {
  bytes,
  type Connection,
  DamagedRow,
  integer,
  optionalInteger,
  optionalText,
  type Row,
  text,
} from "./connection.ts";
import { endTicketsOf } from "./grace-tickets.ts";

const BEGIN = `
INSERT INTO authenticators
  (id, account, method, serial, status, sealed_secret, algorithm, digits, period, skew, created_at,
    expires_at, invitation)
VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)`;

// One secret, two accounts: a code accepted for the one would be accepted for the other.
const IS_ANOTHERS = `
EXISTS (SELECT 1 FROM authenticators o WHERE o.method = p.method AND o.serial = p.serial
  AND o.serial <> '' AND o.status = 'active' AND o.account <> p.account)`;

const REMOVE_REPLACED = `
DELETE FROM authenticators WHERE status = 'active' AND (account, method, serial) IN
  (SELECT account, method, serial FROM authenticators p
   WHERE id = ? AND status = 'pending' AND expires_at > ? AND NOT ${IS_ANOTHERS})`;

const ACTIVATE = `
UPDATE authenticators AS p
SET status = 'active', last_counter = ?, drift = ?, enrolled_at = ?, expires_at = NULL,
  invitation = NULL
WHERE id = ? AND status = 'pending' AND expires_at > ? AND NOT ${IS_ANOTHERS}`;

const SPEND = `
UPDATE authenticators SET last_counter = ?2, drift = ?3, last_used_at = ?4
WHERE id = ?1 AND status = 'active' AND last_counter < ?2`;

const RESYNCHRONIZE = `
UPDATE authenticators SET last_counter = ?2, skew = ?3, drift = 0, last_used_at = ?4
WHERE id = ?1 AND status = 'active' AND last_counter < ?2`;

// Beside the uniqueness of the table: another spelling may be the same account to the host.
const ADD_FIRST = `
INSERT INTO authenticators (id, account, method, status, sealed_secret, algorithm, digits, period,
  last_counter, drift, created_at, enrolled_at)
SELECT ?1, ?2, ?3, 'active', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10
WHERE NOT EXISTS (SELECT 1 FROM accounts a
  WHERE a.throttle_key = (SELECT throttle_key FROM accounts WHERE name = ?2)
  AND (a.disabled_at IS NOT NULL OR EXISTS
    (SELECT 1 FROM authenticators u WHERE u.account = a.name AND u.status = 'active')))
ON CONFLICT DO NOTHING`;

// What has codes of its own is judged here, by its secret.
const FIND_REMOTE = `
SELECT id, serial, sealed_secret FROM authenticators
WHERE account = ? AND method = ? AND status = 'active' AND serial = ? AND algorithm IS NULL`;

const ADD_REMOTE = `
INSERT INTO authenticators (id, account, method, serial, status, sealed_secret, last_counter,
  created_at, enrolled_at, last_used_at)
VALUES (?1, ?2, ?3, ?4, 'active', ?5, coalesce(?6, -1), ?7, ?7, ?7) ON CONFLICT DO NOTHING`;

const NOTE_USE = `
UPDATE authenticators SET last_used_at = ?2, last_counter = coalesce(?3, last_counter)
WHERE id = ?1 AND status = 'active' AND (?3 IS NULL OR last_counter < ?3)`;

const FIND = `
SELECT * FROM authenticators
WHERE account = ?1 AND method = ?2 AND status = ?3 AND serial = coalesce(?4, serial)
  AND sealed_secret IS NOT NULL ORDER BY serial LIMIT 1`;

const ALL = `
SELECT * FROM authenticators
WHERE account = ? AND method = ? AND status = 'active' AND sealed_secret IS NOT NULL ORDER BY serial`;

const OWNER = `
SELECT account FROM authenticators
WHERE method = ? AND serial = ? AND status = 'active' AND serial <> ''`;

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
        a.serial ?? "",
        a.sealedSecret,
        algorithm,
        digits,
        period,
        a.skew ?? 0,
        a.createdAt,
        a.expiresAt,
        a.invitation,
      );
    },

    async find(user, method, status, serial) {
      const row = connection.first(FIND, user, method, status, serial);
      return row ? toAuthenticator(row) : undefined;
    },

    async all(user, method) {
      return connection.all(ALL, user, method).map(toAuthenticator);
    },

    async ownerOf(method, serial) {
      const row = connection.first(OWNER, method, serial);
      return row ? text(row, "account") : undefined;
    },

    async activate(id, counter, drift, at) {
      connection.run(REMOVE_REPLACED, id, at);
      if (connection.run(ACTIVATE, counter, drift, at, id, at) !== 1) return false;
      connection.run(END_TICKETS_BESIDE, id);
      return true;
    },

    async addFirst({ id, user, method, sealedSecret, step, drift, ...parameters }, at) {
      const { algorithm, digits, period } = parameters;
      const row = [id, user, method, sealedSecret, algorithm, digits, period, step, drift, at];
      return connection.run(ADD_FIRST, ...row) === 1;
    },

    async spend(id, counter, drift, at) {
      return connection.run(SPEND, id, counter, drift, at) === 1;
    },

    async resynchronize(id, counter, skew, at) {
      return connection.run(RESYNCHRONIZE, id, counter, skew, at) === 1;
    },

    async findRemote(user, method, serial = "") {
      const row = connection.first(FIND_REMOTE, user, method, serial);
      if (!row) return undefined;
      const sealedSecret = row.sealed_secret === null ? undefined : bytes(row, "sealed_secret");
      const own = serial === "" ? {} : { serial };
      return {
        id: text(row, "id"),
        user,
        method,
        ...own,
        ...(sealedSecret ? { sealedSecret } : {}),
      };
    },

    async addRemote({ id, user, method, serial = "", sealedSecret }, at, counter) {
      const row = [id, user, method, serial, sealedSecret, counter, at];
      if (connection.run(ADD_REMOTE, ...row) !== 1) return false;
      endTicketsOf(connection, user);
      return true;
    },

    async noteUse(id, at, counter) {
      return connection.run(NOTE_USE, id, at, counter) === 1;
    },

    async tally() {
      const rows = connection.all(TALLY);
      return new Map(rows.map((row) => [text(row, "method"), integer(row, "authenticators")]));
    },

    async purge(method) {
      connection.run(END_TICKETS_OF_METHOD, method);
      return connection.run("DELETE FROM authenticators WHERE method = ?", method);
    },

    async remove(user, method, status, serial) {
      if (status !== "pending") endTicketsOf(connection, user);
      return connection.run(
        `DELETE FROM authenticators
         WHERE account = ?1 AND method = coalesce(?2, method) AND status = coalesce(?3, status)
           AND serial = coalesce(?4, serial)`,
        user,
        method,
        status,
        serial,
      );
    },
  };
}

function toAuthenticator(row: Row): Authenticator {
  return {
    ...toAuthenticatorOverview(row),
    id: text(row, "id"),
    user: text(row, "account"),
    sealedSecret: bytes(row, "sealed_secret"),
    ...keptParameters(row),
    drift: integer(row, "drift"),
    skew: integer(row, "skew"),
    invitation: optionalText(row, "invitation"),
    lastCounter: integer(row, "last_counter"),
  };
}

/** Also of a token's row. */
export function keptParameters(row: Row): KeptParameters {
  return {
    algorithm: oneOf(ALGORITHMS, optionalText(row, "algorithm"), "algorithm"),
    digits: oneOf(DIGITS, optionalInteger(row, "digits"), "digits"),
    period: optionalInteger(row, "period"),
  };
}

/** What the CHECK constraints of the schema let in: else the file was changed past SQLite. */
function oneOf<T>(known: readonly T[], value: unknown, column: string): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw new DamagedRow(`column ${column} has a value that is not known`);
}
