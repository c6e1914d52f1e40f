/** Grace tickets. Whether one lets in is one conditional statement. */
import type { GraceTicket, GraceTickets } from "../../contracts/store.ts";
import { bytes, type Connection, integer, type Row, text } from "./connection.ts";

// ?1 account, ?2 tty, ?3 rhost, ?4 ruser, ?5 session, ?6 service, ?7 method, ?8 created at,
// ?9 expires at, ?10 uptime, ?11 seal.
const ADD = `
INSERT INTO grace_tickets (account, tty, rhost, ruser, session, service, method, created_at,
  expires_at, uptime, seal)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT (account, tty, rhost, ruser, session) DO UPDATE SET service = ?6, method = ?7,
  created_at = ?8, expires_at = ?9, uptime = ?10, seal = ?11, used_at = NULL`;

// The newest stay, whatever their place.
const KEEP = `
DELETE FROM grace_tickets WHERE account = ?1 AND (tty, rhost, ruser, session) NOT IN
  (SELECT tty, rhost, ruser, session FROM grace_tickets WHERE account = ?1
   ORDER BY created_at DESC, session, tty LIMIT ?2)`;

/** Milliseconds by which the clock may have been set meanwhile. */
const STEP = 30_000;

/**
 * At the time ?1, so long after the boot: ?2. By either clock, and where they agree: setting one
 * prolongs nothing, and a ticket of an earlier boot is none.
 */
const VALID = `
  created_at <= ?1 AND expires_at > ?1 AND uptime <= ?2 AND ?2 - uptime < expires_at - created_at
  AND abs((?1 - created_at) - (?2 - uptime)) <= ${STEP}`;

// ?3 account, ?4 tty, ?5 rhost, ?6 ruser, ?7 session, ?8 grace, ?9 methods that count.
const USE = `
UPDATE grace_tickets SET used_at = ?1
WHERE account = ?3 AND tty = ?4 AND rhost = ?5 AND ruser = ?6 AND session = ?7 AND ${VALID}
  AND ?1 - created_at < ?8 AND ?2 - uptime < ?8
  AND method IN (SELECT value FROM json_each(?9))
RETURNING *`;

// ?3 account, or NULL for all; ?4 to ?8 the place to go on behind.
const PAGE = `
SELECT * FROM grace_tickets WHERE ${VALID} AND (?3 IS NULL OR account = ?3)
  AND (account, tty, rhost, ruser, session) > (?4, ?5, ?6, ?7, ?8)
ORDER BY account, tty, rhost, ruser, session LIMIT ?9`;

const COUNT = `SELECT count(*) AS valid FROM grace_tickets
WHERE ${VALID} AND (?3 IS NULL OR account = ?3)`;

const SWEEP = "DELETE FROM grace_tickets WHERE expires_at <= ?1 OR created_at > ?1";

export function graceTicketsIn(connection: Connection): GraceTickets {
  return {
    async add(ticket, most) {
      const { user, createdAt, expiresAt, uptime, seal } = ticket;
      connection.run(SWEEP, createdAt);
      const what = [ticket.service, ticket.method, createdAt, expiresAt, uptime, seal] as const;
      connection.run(ADD, user, ...placeOf(ticket), ...what);
      connection.run(KEEP, user, most);
    },

    async use({ user, now, uptime, grace, methods, ...place }) {
      const known = JSON.stringify(methods);
      const row = connection.first(USE, now, uptime, user, ...placeOf(place), grace, known);
      return row && toTicket(row);
    },

    async page({ user, now, uptime }, after, limit) {
      const from = after ? [after.user, ...placeOf(after)] : ["", "", "", "", ""];
      return connection.all(PAGE, now, uptime, user, ...from, limit).map(toTicket);
    },

    async end(user, { now, uptime }) {
      const counted = connection.first(COUNT, now, uptime, user);
      connection.run("DELETE FROM grace_tickets WHERE ?1 IS NULL OR account = ?1", user);
      return counted ? integer(counted, "valid") : 0;
    },
  };
}

/** What a ticket stands on is gone, or another by now. @param method only those made by it */
export function endTicketsOf(connection: Connection, user: string, method?: string): void {
  const sql = "DELETE FROM grace_tickets WHERE account = ?1 AND method = coalesce(?2, method)";
  connection.run(sql, user, method);
}

type Place = Pick<GraceTicket, "tty" | "rhost" | "ruser" | "session">;

function placeOf({ tty, rhost, ruser, session }: Place): string[] {
  return [tty, rhost, ruser, session];
}

function toTicket(row: Row): GraceTicket {
  return {
    user: text(row, "account"),
    tty: text(row, "tty"),
    rhost: text(row, "rhost"),
    ruser: text(row, "ruser"),
    session: text(row, "session"),
    service: text(row, "service"),
    method: text(row, "method"),
    createdAt: integer(row, "created_at"),
    expiresAt: integer(row, "expires_at"),
    uptime: integer(row, "uptime"),
    seal: bytes(row, "seal"),
  };
}
