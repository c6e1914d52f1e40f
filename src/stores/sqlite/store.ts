/** The embedded store: node:sqlite, write-ahead log, every commit synced before it counts. */
import { accessSync, constants, statSync } from "node:fs";
import type { Store, Transaction } from "../../contracts/store.ts";
import { Fault } from "../../core/fault.ts";
import { checkTrusted, createTrusted, SQLITE_SIBLINGS } from "../../files/trusted-file.ts";
import { said, systemFault } from "../../files/untrusted.ts";
import { migrationsFrom, SCHEMA_VERSION } from "../schema.ts";
import { accountsIn } from "./accounts.ts";
import { attemptsIn } from "./attempts.ts";
import { auditIn } from "./audit.ts";
import { authenticatorsIn } from "./authenticators.ts";
import { backupCodesIn } from "./backup-codes.ts";
import { challengeStartsIn } from "./challenge-starts.ts";
import { checkpointsIn } from "./checkpoints.ts";
import { Connection, integer } from "./connection.ts";
import { factsIn } from "./facts.ts";
import { damaged, storeFault } from "./faults.ts";
import { graceTicketsIn } from "./grace-tickets.ts";
import { importsIn } from "./imports.ts";
import { invitationsIn } from "./invitations.ts";
import { methodSecretsIn } from "./method-secrets.ts";
import { fileAt, SameFiles } from "./same-files.ts";
import { tokensIn } from "./tokens.ts";
import { TransactionQueue } from "./transaction-queue.ts";

/** "csgn" in ASCII: tells our files from any other SQLite file. */
const APPLICATION_ID = 0x6373676e;

const DIALECT = { integer: "INTEGER", bytes: "BLOB", tableOptions: "STRICT, WITHOUT ROWID" };

export interface OpenOptions {
  /** True for init: ends what a creation that was killed half-way left undone. */
  readonly finish?: boolean;
}

/**
 * Opens a store and migrates it forward. One that is empty is refused, unless it is to be
 * finished: whoever was enrolled in it would be unenrolled, and might be let in as such.
 * @throws Fault `store-missing`, `store-newer`, `store-corrupt`, `store-locked`,
 *   `store-unreadable`, `store-unwritable`, `file-untrusted`
 */
export function openSqliteStore(path: string, { finish = false }: OpenOptions = {}): Store {
  if (!checkTrusted(path, { secret: true }, SQLITE_SIBLINGS)) {
    throw new Fault("store-missing", `${path}: there is no store here`, {
      hint: "restore it from a backup, or make a new one with: countersign init",
    });
  }
  mustBeWritable(path);
  return connect(path, finish ? claimBlank : refuseForeign);
}

/**
 * SQLite would open a read-only store, and leave files beside it that are read-only as well:
 * it would stay so after its mode was mended.
 */
function mustBeWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    // access(2) goes by the real uid, which is still root's where root acts as the owner.
    const { uid, mode } = statSync(path);
    const isTheirs = uid === process.geteuid?.() && (mode & 0o600) === 0o600;
    if (process.geteuid?.() !== 0 && !isTheirs)
      throw Object.assign(new Error(), { code: "EACCES" });
  } catch (error) {
    throw systemFault("store-unwritable", `${said(path)}: the store cannot be written`, error);
  }
}

/** Creates an empty store. @throws Fault `file-exists`, `store-unwritable` */
export function createSqliteStore(path: string): Store {
  createTrusted(path, new Uint8Array(), 0o600, "store-unwritable");
  return connect(path, claim);
}

function connect(path: string, prepare: (connection: Connection) => void): Store {
  let connection: Connection | undefined;
  try {
    const before = fileAt(path);
    connection = new Connection(path);
    prepare(connection);
    migrate(connection);
    return storeOver(connection, new SameFiles(path, before));
  } catch (error) {
    connection?.close();
    throw storeFault(error, path);
  }
}

function storeOver(connection: Connection, files: SameFiles): Store {
  const transaction: Transaction = {
    facts: factsIn(connection),
    accounts: accountsIn(connection),
    authenticators: authenticatorsIn(connection),
    tokens: tokensIn(connection),
    imports: importsIn(connection),
    backupCodes: backupCodesIn(connection),
    invitations: invitationsIn(connection),
    attempts: attemptsIn(connection),
    challengeStarts: challengeStartsIn(connection),
    graceTickets: graceTicketsIn(connection),
    methodSecrets: methodSecretsIn(connection),
    audit: auditIn(connection),
    checkpoints: checkpointsIn(connection),
  };
  connection.neverBlock();
  const queue = new TransactionQueue(connection, () => files.check());
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

function claimBlank(connection: Connection): void {
  if (isBlank(connection)) claim(connection);
  else refuseForeign(connection);
}

/** An empty file, or one that is claimed and has no tables yet. */
function isBlank(connection: Connection): boolean {
  const id = pragma(connection, "application_id");
  if ((id !== 0 && id !== APPLICATION_ID) || pragma(connection, "user_version") !== 0) return false;
  const tables = connection.first("SELECT count(*) AS tables FROM sqlite_schema");
  return tables !== undefined && integer(tables, "tables") === 0;
}

function refuseForeign(connection: Connection): void {
  if (isBlank(connection)) {
    throw new Fault("store-corrupt", `${connection.path}: the store is empty`, {
      hint: "restore it from a backup; where nobody has enrolled yet: countersign init",
    });
  }
  if (pragma(connection, "application_id") === APPLICATION_ID) return;
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
    if (version < 0) throw damaged(connection.path);
    for (const statements of migrationsFrom(version, DIALECT)) connection.exec(statements);
    connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    connection.exec("COMMIT");
  } catch (error) {
    connection.rollback();
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
