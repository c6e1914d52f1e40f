/**
 * Many users with secrets that can be told again, and a store of them written in bulk: through
 * the engine, two commits each, a million would take a quarter of an hour.
 */
import { createHmac, randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { keyProviderOf } from "../../src/client/in-process.ts";
import { initialize } from "../../src/client/initialize.ts";
import type { Sealer } from "../../src/contracts/sealing.ts";
import { throttleKey } from "../../src/core/account.ts";
import { secretCell } from "../../src/core/cells.ts";
import { codeAt, DEFAULT_PARAMETERS } from "../../src/core/totp.ts";
import { createSealer } from "../../src/keys/sealing.ts";
import { type Scope, scopeOf } from "../../src/settings/scope.ts";
import { loadSettings } from "../../src/settings/settings.ts";

export function nameOf(user: number): string {
  return `user${String(user).padStart(7, "0")}`;
}

export function secretOf(user: number): Buffer {
  return createHmac("sha1", "countersign bench").update(nameOf(user)).digest();
}

/** The user's code for a counter (RFC 4226) or a time step (RFC 6238). */
export function codeOf(user: number, counter: number): string {
  return codeAt(secretOf(user), counter, DEFAULT_PARAMETERS);
}

export function scopeIn(home: string): Scope {
  return scopeOf({ uid: 0, home, env: { COUNTERSIGN_HOME: home } });
}

/** Settings, key and a store with users 0 up to `users`, all with an active authenticator. */
export function enrollMany(home: string, users: number): Promise<void> {
  return writeInBulk(home, (database, sealer) => insert(database, sealer, users));
}

/** Settings and key of a trial, and its store written past the engine, in one transaction. */
export async function writeInBulk(
  home: string,
  write: (database: DatabaseSync, sealer: Sealer) => void,
): Promise<void> {
  const scope = scopeIn(home);
  await initialize(scope);
  const key = await keyProviderOf(scope, loadSettings(scope)).read();
  if (!key) throw new Error("the trial has no master key");
  const sealer = createSealer(key);
  const database = new DatabaseSync(scope.storeFile);
  try {
    // Nothing of this is measured, and all of it is thrown away.
    database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN");
    write(database, sealer);
    database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
    sealer.close();
  }
}

function insert(database: DatabaseSync, sealer: Sealer, users: number): void {
  const account = database.prepare(
    "INSERT INTO accounts (name, throttle_key, created_at) VALUES (?, ?, ?)",
  );
  const authenticator = database.prepare(
    `INSERT INTO authenticators
       (id, account, method, status, sealed_secret, algorithm, digits, period, created_at, enrolled_at)
     VALUES (?, ?, 'totp', 'active', ?, ?, ?, ?, ?, ?)`,
  );
  const at = BigInt(Date.now());
  const { algorithm, digits, period } = DEFAULT_PARAMETERS;
  for (let index = 0; index < users; index++) {
    const [user, id] = [nameOf(index), randomBytes(16).toString("hex")];
    const sealed = sealer.seal(secretOf(index), secretCell({ id, user }));
    account.run(user, throttleKey(user), at);
    authenticator.run(id, user, sealed, algorithm, BigInt(digits), BigInt(period), at, at);
  }
}

/** How many logins the audit log of this store has let in. */
export function acceptsIn(home: string): number {
  const database = new DatabaseSync(scopeIn(home).storeFile, { readOnly: true });
  try {
    const sql = "SELECT count(*) AS n FROM audit WHERE action = 'verify' AND verdict = 'accept'";
    return Number(database.prepare(sql).get()?.n);
  } finally {
    database.close();
  }
}
