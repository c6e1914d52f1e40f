/**
 * A look into a SQLite store that changes nothing: not its schema, which opening it for use
 * would, and no file beside it.
 */
import { type BigIntStats, lstatSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { AuditRecord } from "../core/audit-chain.ts";
import { KEY_CHECK_CELL } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { checkTrusted, SQLITE_SIBLINGS } from "../files/trusted-file.ts";

export interface StoreContent {
  /** SQLite's application_id and user_version. */
  readonly application: number;
  readonly schema: number;
  /** What PRAGMA quick_check said ("ok"); undefined when the store is too large to wait for it. */
  readonly integrity: string | undefined;
  readonly keyCheck: Uint8Array | undefined;
  /** Sealed, by the method's name; undefined in a schema that has none yet. */
  readonly methodSecrets: ReadonlyMap<string, Uint8Array> | undefined;
  /** The last events, oldest first. */
  readonly events: readonly AuditRecord[];
}

/** About a second's worth of reading. */
export const QUICK_CHECK_MAX_BYTES = 64 * 1024 * 1024;
export const EVENTS_READ = 1000;

/** How long a writer that holds the whole file is waited for, in milliseconds. */
const BUSY_TIMEOUT = 2_000;

const EVENTS = `
SELECT sequence, at, action, account AS "user", verdict, reason, method, service, rhost, tty,
  caller, detail, previous_hash AS "previousHash", hash
FROM audit ORDER BY sequence DESC LIMIT ${EVENTS_READ}`;

/**
 * @returns undefined when there is no store
 * @throws Fault `store-corrupt`, `store-unreadable`, `file-untrusted`
 */
export function readStore(path: string): StoreContent | undefined {
  if (!checkTrusted(path, { secret: true }, SQLITE_SIBLINGS)) return undefined;
  // A reader of a write-ahead log leaves files beside a store that has none. While there is
  // none nobody writes, and SQLite can be told so; if that was true shows afterwards.
  const before = quiet(path);
  if (before === undefined) return look(path, path);
  const immutable = pathToFileURL(path);
  immutable.searchParams.set("immutable", "1");
  let content: StoreContent | undefined;
  let failure: unknown;
  try {
    content = look(immutable, path);
  } catch (error) {
    failure = error;
  }
  const after = quiet(path);
  if (after?.mtimeNs !== before.mtimeNs || after.size !== before.size) return look(path, path);
  if (content === undefined) throw failure;
  return content;
}

/** The file as it is while nobody writes to it; undefined when somebody may. */
function quiet(path: string): BigIntStats | undefined {
  const busy = ["-wal", "-journal"].some((suffix) =>
    lstatSync(path + suffix, { throwIfNoEntry: false }),
  );
  return busy ? undefined : statSync(path, { bigint: true });
}

function look(from: string | URL, path: string): StoreContent {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(from, { readOnly: true, timeout: BUSY_TIMEOUT, defensive: true });
    database.exec("PRAGMA trusted_schema = OFF; BEGIN");
    const small = statSync(path).size <= QUICK_CHECK_MAX_BYTES;
    const tables = Number(first(database, "SELECT count(*) FROM sqlite_schema"));
    return {
      application: Number(first(database, "PRAGMA application_id")),
      schema: Number(first(database, "PRAGMA user_version")),
      integrity: small ? String(first(database, "PRAGMA quick_check(1)")) : undefined,
      keyCheck: tables === 0 ? undefined : keyCheck(database),
      methodSecrets: methodSecrets(database),
      events: tables === 0 ? [] : events(database),
    };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    database?.close();
  }
}

function keyCheck(database: DatabaseSync): Uint8Array | undefined {
  const row = database
    .prepare("SELECT value FROM facts WHERE name = ?")
    .get(KEY_CHECK_CELL.row[0] ?? "");
  return row?.value instanceof Uint8Array ? row.value : undefined;
}

function methodSecrets(database: DatabaseSync): StoreContent["methodSecrets"] {
  const isThere = first(database, "SELECT 1 FROM sqlite_schema WHERE name = 'method_secrets'");
  if (isThere === undefined) return undefined;
  const rows = database.prepare("SELECT method, sealed_secret FROM method_secrets").all();
  return new Map(
    rows.map(({ method, sealed_secret: sealed }) => [
      String(method),
      sealed instanceof Uint8Array ? sealed : new Uint8Array(),
    ]),
  );
}

// An altered row may hold anything: its hash is compared, so the cast promises nothing.
function events(database: DatabaseSync): AuditRecord[] {
  return database.prepare(EVENTS).all().reverse() as unknown as AuditRecord[];
}

function first(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}

/** SQLite's primary result codes: 10 an error in reading or writing, 13 full. */
const OF_THE_DISK = [10, 13];

/** SQLite's primary result codes: 5 busy, 11 corrupt, 26 not a database, 1 an error in the SQL. */
function unreadable(path: string, cause: unknown): Fault {
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : 0;
  if (code === 5) {
    return new Fault("store-locked", `${path}: another process holds the whole store`, {
      hint: "find out which: fuser -v on that file",
      cause,
    });
  }
  const damaged = [1, 11, 26].includes(code);
  const words = damaged ? "is damaged, or no store of countersign" : "cannot be opened";
  return new Fault(damaged ? "store-corrupt" : "store-unreadable", `${path}: ${words}`, {
    hint: OF_THE_DISK.includes(code)
      ? "see whether its disk is full, with df; else check the disk"
      : "restore it from a backup; keep the damaged file",
    cause,
  });
}
