/** The embedded store: node:sqlite, write-ahead log, every commit synced before it counts. */
import type { Store, Transaction } from "../../contracts/store.ts";
import { Fault } from "../../core/fault.ts";
import { checkTrusted, createTrusted, SQLITE_SIBLINGS } from "../../files/trusted-file.ts";
import { migrationsFrom, SCHEMA_VERSION } from "../schema.ts";
import { accountsIn } from "./accounts.ts";
import { attemptsIn } from "./attempts.ts";
import { auditIn } from "./audit.ts";
import { authenticatorsIn } from "./authenticators.ts";
import { backupCodesIn } from "./backup-codes.ts";
import { Connection, integer } from "./connection.ts";
import { factsIn } from "./facts.ts";
import { storeFault } from "./faults.ts";
import { TransactionQueue } from "./transaction-queue.ts";

/** "csgn" in ASCII: tells our files from any other SQLite file. */
const APPLICATION_ID = 0x6373676e;

const DIALECT = { integer: "INTEGER", bytes: "BLOB", tableOptions: "STRICT, WITHOUT ROWID" };

/**
 * Opens a store and migrates it forward.
 * @throws Fault `store-missing`, `store-newer`, `store-corrupt`, `store-locked`,
 *   `store-unreadable`, `store-unwritable`, `file-untrusted`
 */
export function openSqliteStore(path: string): Store {
  if (!checkTrusted(path, { secret: true }, SQLITE_SIBLINGS)) {
    throw new Fault("store-missing", `${path}: there is no store here`, {
      hint: "restore it from a backup, or make a new one with: countersign init",
    });
  }
  return connect(path, refuseForeign);
}

/** Creates an empty store. @throws Fault `file-exists`, `store-unwritable` */
export function createSqliteStore(path: string): Store {
  createTrusted(path, new Uint8Array(), 0o600, "store-unwritable");
  return connect(path, claim);
}

function connect(path: string, prepare: (connection: Connection) => void): Store {
  let connection: Connection | undefined;
  try {
    connection = new Connection(path);
    prepare(connection);
    migrate(connection);
    return storeOver(connection);
  } catch (error) {
    connection?.close();
    throw storeFault(error, path);
  }
}

function storeOver(connection: Connection): Store {
  const transaction: Transaction = {
    facts: factsIn(connection),
    accounts: accountsIn(connection),
    authenticators: authenticatorsIn(connection),
    backupCodes: backupCodesIn(connection),
    attempts: attemptsIn(connection),
    audit: auditIn(connection),
  };
  const queue = new TransactionQueue(connection);
  return {
    transact: (work) => queue.write(() => work(transaction)),
    read: (work) => queue.read(() => work(transaction)),
    close: async () => {
      await queue.idle();
      connection.close();
    },
  };
}

function claim(connection: Connection): void {
  connection.exec(`PRAGMA journal_mode = WAL; PRAGMA application_id = ${APPLICATION_ID};`);
}

/** An empty file (a creation that was killed half-way) has id 0 and no tables: ours to finish. */
function refuseForeign(connection: Connection): void {
  const id = pragma(connection, "application_id");
  if (id === APPLICATION_ID) return;
  const tables = connection.first("SELECT count(*) AS tables FROM sqlite_schema");
  if (id === 0 && tables && integer(tables, "tables") === 0) {
    claim(connection);
    return;
  }
  throw new Fault("store-corrupt", `${connection.path}: this is not a countersign store`, {
    hint: "name the right file in the setting store",
  });
}

function migrate(connection: Connection): void {
  if (pragma(connection, "user_version") === SCHEMA_VERSION) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Read again: another process may have migrated while this one waited for the lock.
    const version = pragma(connection, "user_version");
    if (version > SCHEMA_VERSION) throw newer(connection.path, version);
    for (const statements of migrationsFrom(version, DIALECT)) connection.exec(statements);
    connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    connection.exec("COMMIT");
  } catch (error) {
    connection.exec("ROLLBACK");
    throw error;
  }
}

function newer(path: string, version: number): Fault {
  return new Fault(
    "store-newer",
    `${path}: the store has schema ${version}, this program knows ${SCHEMA_VERSION}`,
    { hint: "update countersign on this host; nothing was changed" },
  );
}

function pragma(connection: Connection, name: "application_id" | "user_version"): number {
  const row = connection.first(`PRAGMA ${name}`);
  return row ? integer(row, name) : 0;
}
