/** The cells that hold secrets: a ciphertext opens in its own alone (DESIGN.md 6.5). */

/** What associated data is made of: table, column, and what tells the row from every other. */
export interface Cell {
  readonly table: string;
  readonly column: string;
  readonly row: readonly string[];
}

/** An authenticator's secret: its own row, and its own user. */
export function secretCell({ id, user }: { readonly id: string; readonly user: string }): Cell {
  return { table: "authenticators", column: "sealed_secret", row: [id, user] };
}

/** The secret of a token that is nobody's yet. */
export function tokenCell(token: { readonly method: string; readonly serial: string }): Cell {
  return { table: "tokens", column: "sealed_secret", row: [token.method, token.serial] };
}

/** What tells a secret of an import from others of its file; it is kept nowhere. */
export function importedSecretCell(method: string): Cell {
  return { table: "imports", column: "secret", row: [method] };
}

/** The known text that shows whether a key fits the store. */
export const KEY_CHECK_CELL: Cell = { table: "facts", column: "value", row: ["key-check"] };

/** A backup code's hash: its own user's. */
export function backupCodeCell(user: string): Cell {
  return { table: "backup_codes", column: "hash", row: [user] };
}

/** What a grace ticket says: its own place. */
export function graceTicketCell(row: readonly string[]): Cell {
  return { table: "grace_tickets", column: "seal", row };
}

/** An invitation's code: its own row, and its own user. */
export function invitationCell({ id, user }: { readonly id: string; readonly user: string }): Cell {
  return { table: "invitations", column: "hash", row: [id, user] };
}

/** What is made up of a user, where there is nothing of theirs to show. */
export function decoyCell(method: string, user: string): Cell {
  return { table: "authenticators", column: "decoy", row: [method, user] };
}

/** The secret of a method as a whole, such as the key of an application at Duo. */
export function methodSecretCell(method: string): Cell {
  return { table: "method_secrets", column: "sealed_secret", row: [method] };
}

/** The private key that signs checkpoints of the audit log. */
export const AUDIT_SIGNING_KEY_CELL: Cell = {
  table: "facts",
  column: "value",
  row: ["audit-signing-key"],
};
