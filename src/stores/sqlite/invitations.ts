/** Invitations, as hashes. One is used by one conditional statement (DESIGN.md 6.1). */
import type { Invitation, Invitations } from "../../contracts/store.ts";
import {
  bytes,
  type Connection,
  integer,
  optionalInteger,
  optionalText,
  type Row,
  text,
} from "./connection.ts";

const ADD = `
INSERT INTO invitations (id, account, hash, host, network, created_at, created_by, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

const USE = `
UPDATE invitations SET used_at = ?3
WHERE id = ?1 AND account = ?2 AND used_at IS NULL AND expires_at > ?3`;

const REVOKE = `
DELETE FROM invitations WHERE account = ?1 AND id = coalesce(?2, id) AND used_at IS NULL`;

export function invitationsIn(connection: Connection): Invitations {
  return {
    async add({ id, user, hash, host, network, createdAt, createdBy, expiresAt }) {
      connection.run(ADD, id, user, hash, host, network, createdAt, createdBy, expiresAt);
    },

    async find(id) {
      const row = connection.first("SELECT * FROM invitations WHERE id = ?", id);
      return row && toInvitation(row);
    },

    async of(user) {
      const sql = "SELECT * FROM invitations WHERE account = ? ORDER BY created_at, id";
      return connection.all(sql, user).map(toInvitation);
    },

    async page(after, limit) {
      const sql = "SELECT * FROM invitations WHERE id > ? ORDER BY id LIMIT ?";
      return connection.all(sql, after, limit).map(toInvitation);
    },

    async use(id, user, at) {
      return connection.run(USE, id, user, at) === 1;
    },

    async revoke(user, id) {
      return connection.run(REVOKE, user, id);
    },

    async sweep(before) {
      connection.run("DELETE FROM invitations WHERE expires_at < ?", before);
    },
  };
}

function toInvitation(row: Row): Invitation {
  return {
    id: text(row, "id"),
    user: text(row, "account"),
    hash: bytes(row, "hash"),
    host: optionalText(row, "host"),
    network: optionalText(row, "network"),
    createdAt: integer(row, "created_at"),
    createdBy: text(row, "created_by"),
    expiresAt: integer(row, "expires_at"),
    usedAt: optionalInteger(row, "used_at"),
  };
}
