/**
 * The one schema, told once for every store. Migrations only go forward: each entry takes a
 * store from the version of its index to the next, and is never edited after a release.
 */

/** What differs between databases. */
export interface Dialect {
  readonly integer: string;
  readonly bytes: string;
  /** What follows a table's closing parenthesis. */
  readonly tableOptions: string;
}

type Migration = (dialect: Dialect) => string;

const accounts: Migration = ({ integer, tableOptions }) => `
CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  throttle_key TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  disabled_at ${integer}
) ${tableOptions};
CREATE INDEX accounts_by_throttle_key ON accounts (throttle_key);`;

const authenticators: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE authenticators (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name),
  method TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'active')),
  sealed_secret ${bytes} NOT NULL,
  algorithm TEXT NOT NULL CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
  digits ${integer} NOT NULL CHECK (digits IN (6, 8)),
  period ${integer} NOT NULL CHECK (period IN (30, 60)),
  drift ${integer} NOT NULL DEFAULT 0,
  last_time_step ${integer} NOT NULL DEFAULT -1,
  created_at ${integer} NOT NULL,
  expires_at ${integer},
  enrolled_at ${integer},
  last_used_at ${integer},
  UNIQUE (account, method, status)
) ${tableOptions};`;

const backupCodes: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE backup_code_sets (
  account TEXT PRIMARY KEY REFERENCES accounts (name),
  salt ${bytes} NOT NULL,
  cost_n ${integer} NOT NULL,
  cost_r ${integer} NOT NULL,
  cost_p ${integer} NOT NULL,
  created_at ${integer} NOT NULL
) ${tableOptions};
CREATE TABLE backup_codes (
  account TEXT NOT NULL REFERENCES backup_code_sets (account),
  hash ${bytes} NOT NULL,
  used_at ${integer},
  PRIMARY KEY (account, hash)
) ${tableOptions};`;

const attempts: Migration = ({ integer, tableOptions }) => `
CREATE TABLE attempts (
  throttle_key TEXT PRIMARY KEY,
  failures ${integer} NOT NULL,
  counted_at ${integer} NOT NULL,
  throttled_until ${integer} NOT NULL
) ${tableOptions};
CREATE INDEX attempts_by_time ON attempts (counted_at);`;

const audit: Migration = ({ integer, tableOptions }) => `
CREATE TABLE audit (
  sequence ${integer} PRIMARY KEY,
  at ${integer} NOT NULL,
  action TEXT NOT NULL,
  account TEXT,
  verdict TEXT,
  reason TEXT,
  method TEXT,
  service TEXT,
  rhost TEXT,
  tty TEXT,
  caller TEXT NOT NULL,
  detail TEXT,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) ${tableOptions};
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_account ON audit (account, sequence);`;

const facts: Migration = ({ bytes, tableOptions }) => `
CREATE TABLE facts (
  name TEXT PRIMARY KEY,
  value ${bytes} NOT NULL
) ${tableOptions};`;

/**
 * Authenticators that a service keeps have no secret and no parameters here. SQLite cannot
 * take a constraint from a column, so the table is made anew, and the rows keep their places.
 */
const remoteAuthenticators: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE authenticators_2 (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name),
  method TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'active')),
  sealed_secret ${bytes},
  algorithm TEXT CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
  digits ${integer} CHECK (digits IN (6, 8)),
  period ${integer} CHECK (period IN (30, 60)),
  drift ${integer} NOT NULL DEFAULT 0,
  last_time_step ${integer} NOT NULL DEFAULT -1,
  created_at ${integer} NOT NULL,
  expires_at ${integer},
  enrolled_at ${integer},
  last_used_at ${integer},
  UNIQUE (account, method, status),
  CHECK ((sealed_secret IS NULL) = (algorithm IS NULL)),
  CHECK ((algorithm IS NULL) = (digits IS NULL)),
  CHECK ((digits IS NULL) = (period IS NULL))
) ${tableOptions};
INSERT INTO authenticators_2 SELECT id, account, method, status, sealed_secret, algorithm, digits,
  period, drift, last_time_step, created_at, expires_at, enrolled_at, last_used_at
FROM authenticators;
DROP TABLE authenticators;
ALTER TABLE authenticators_2 RENAME TO authenticators;`;

const aliases: Migration = () => "ALTER TABLE accounts ADD COLUMN alias TEXT;";

const methodSecrets: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE method_secrets (
  method TEXT PRIMARY KEY,
  sealed_secret ${bytes} NOT NULL,
  set_at ${integer} NOT NULL
) ${tableOptions};`;

/** What one accepted answer covers for a while. `uptime`: milliseconds since the boot. */
const graceTickets: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE grace_tickets (
  account TEXT NOT NULL REFERENCES accounts (name),
  tty TEXT NOT NULL,
  rhost TEXT NOT NULL,
  ruser TEXT NOT NULL,
  session TEXT NOT NULL,
  service TEXT NOT NULL,
  method TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  uptime ${integer} NOT NULL,
  used_at ${integer},
  seal ${bytes} NOT NULL,
  PRIMARY KEY (account, tty, rhost, ruser, session)
) ${tableOptions};`;

/** The first release's. */
const beginning: Migration = (dialect) =>
  [facts, accounts, authenticators, backupCodes, attempts, audit]
    .map((part) => part(dialect))
    .join("\n");

/** Duo: what others keep for us, and the keys by which we ask them. */
const services: Migration = (dialect) =>
  [remoteAuthenticators, aliases, methodSecrets].map((part) => part(dialect)).join("\n");

/** Lists in another order than by name, of which no page is to look at everybody. */
const orders: Migration = () => `
CREATE INDEX authenticators_by_use ON authenticators (coalesce(last_used_at, 0), account)
  WHERE status = 'active';
CREATE INDEX authenticators_by_enrollment ON authenticators (coalesce(enrolled_at, 0), account)
  WHERE status = 'active';`;

/** Which events were signed, and up to where they are in archives. */
const auditCheckpoints: Migration = ({ integer, tableOptions }) => `
CREATE TABLE audit_checkpoints (
  sequence ${integer} NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('head', 'archive')),
  at ${integer} NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (sequence, kind)
) ${tableOptions};
CREATE INDEX audit_checkpoints_by_kind ON audit_checkpoints (kind, sequence);`;

/** How a user would rather be asked, and what they are told once they are in. */
const wishes: Migration = () => `
ALTER TABLE accounts ADD COLUMN preferred_method TEXT;
ALTER TABLE accounts ADD COLUMN message TEXT;`;

/** Leave to enroll; and, of an enrollment that is begun, the invitation it goes by. */
const invitations: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE invitations (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name),
  hash ${bytes} NOT NULL,
  host TEXT,
  network TEXT,
  created_at ${integer} NOT NULL,
  created_by TEXT NOT NULL,
  expires_at ${integer} NOT NULL,
  used_at ${integer}
) ${tableOptions};
CREATE INDEX invitations_by_account ON invitations (account, created_at, id);
ALTER TABLE authenticators ADD COLUMN invitation TEXT;`;

/** Administration: who is helped, asked again, set up and reported on, and how. */
const administration: Migration = (dialect) =>
  [graceTickets, auditCheckpoints, wishes, invitations].map((part) => part(dialect)).join("\n");

/**
 * Several of one method for one user, told apart by serial number; and what a phone's codes do
 * not have: counters, periods and digits of other makers, keys without any of them. A token is one
 * user's alone: an answer accepted for two accounts would be accepted twice.
 */
const serials: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE authenticators_3 (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name),
  method TEXT NOT NULL,
  serial TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL CHECK (status IN ('pending', 'active')),
  sealed_secret ${bytes},
  algorithm TEXT CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
  digits ${integer} CHECK (digits IN (6, 7, 8)),
  period ${integer} CHECK (period BETWEEN 1 AND 3600),
  drift ${integer} NOT NULL DEFAULT 0,
  skew ${integer} NOT NULL DEFAULT 0,
  last_counter ${integer} NOT NULL DEFAULT -1,
  created_at ${integer} NOT NULL,
  expires_at ${integer},
  enrolled_at ${integer},
  last_used_at ${integer},
  invitation TEXT,
  UNIQUE (account, method, status, serial),
  CHECK ((algorithm IS NULL) = (digits IS NULL)),
  CHECK (algorithm IS NULL OR sealed_secret IS NOT NULL),
  CHECK (period IS NULL OR algorithm IS NOT NULL)
) ${tableOptions};
INSERT INTO authenticators_3 SELECT id, account, method, '', status, sealed_secret, algorithm,
  digits, period, drift, 0, last_time_step, created_at, expires_at, enrolled_at, last_used_at,
  invitation
FROM authenticators;
DROP TABLE authenticators;
ALTER TABLE authenticators_3 RENAME TO authenticators;
${orders({ integer, bytes, tableOptions })}
CREATE UNIQUE INDEX authenticators_by_serial ON authenticators (method, serial)
  WHERE status = 'active' AND serial <> '';`;

/** Hardware tokens that were imported and are nobody's yet. */
const inventory: Migration = ({ integer, bytes, tableOptions }) => `
CREATE TABLE tokens (
  method TEXT NOT NULL,
  serial TEXT NOT NULL,
  sealed_secret ${bytes} NOT NULL,
  algorithm TEXT CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
  digits ${integer} CHECK (digits IN (6, 7, 8)),
  period ${integer} CHECK (period BETWEEN 1 AND 3600),
  skew ${integer} NOT NULL DEFAULT 0,
  last_counter ${integer} NOT NULL DEFAULT -1,
  added_at ${integer} NOT NULL,
  PRIMARY KEY (method, serial),
  CHECK ((algorithm IS NULL) = (digits IS NULL)),
  CHECK (period IS NULL OR algorithm IS NOT NULL)
) ${tableOptions};`;

/** How often a challenge that costs, or bothers, was begun within a time. */
const beginnings: Migration = ({ integer, tableOptions }) => `
CREATE TABLE challenge_starts (
  throttle_key TEXT NOT NULL,
  method TEXT NOT NULL,
  starts ${integer} NOT NULL,
  first_at ${integer} NOT NULL,
  until ${integer} NOT NULL,
  PRIMARY KEY (throttle_key, method)
) ${tableOptions};
CREATE INDEX challenge_starts_by_time ON challenge_starts (until);`;

/** Tokens of other makers, keys and messages. */
const tokens: Migration = (dialect) =>
  [serials, inventory, beginnings].map((part) => part(dialect)).join("\n");

const MIGRATIONS: readonly Migration[] = [beginning, services, orders, administration, tokens];

/** The version this program writes, and the newest it reads. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The statements that take a store from `version` to `SCHEMA_VERSION`. */
export function migrationsFrom(version: number, dialect: Dialect): string[] {
  return MIGRATIONS.slice(version).map((migration) => migration(dialect));
}
