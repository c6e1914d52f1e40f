/** One connection to a SQLite file: statements prepared once, and typed rows. */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { LOCKED_FOREVER } from "../../core/throttle.ts";

export type Value = SQLInputValue | boolean | undefined;
export type Row = Readonly<Record<string, unknown>>;

/** How long opening and migrating wait for another process's transaction, in milliseconds. */
const BUSY_TIMEOUT = 10_000;

export class Connection {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string) {
    this.path = path;
    this.#database = new DatabaseSync(path, {
      timeout: BUSY_TIMEOUT,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      defensive: true,
    });
    // FULL: a commit is on disk before it is reported, which acceptance waits for.
    // trusted_schema: a planted schema runs no functions. secure_delete: no old secrets in free pages.
    this.#database.exec(
      "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
    );
  }

  /** From now on a lock of another process is an error at once: who waits does so by the clock. */
  neverBlock(): void {
    this.#database.exec("PRAGMA busy_timeout = 0");
  }

  /** Runs statements that take no parameters. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs one statement; how many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    return Number(this.#prepare(sql).run(...values.map(bindable)).changes);
  }

  first(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepare(sql).get(...values.map(bindable));
  }

  all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).all(...values.map(bindable));
  }

  /** The same, each row a list of its columns: half the time, where rows come by the thousand. */
  lists(sql: string, ...values: Value[]): unknown[][] {
    const key = `list ${sql}`;
    const statement = this.#statements.get(key) ?? this.#database.prepare(sql);
    if (!this.#statements.has(key)) {
      statement.setReturnArrays(true);
      this.#statements.set(key, statement);
    }
    return statement.all(...values.map(bindable)) as unknown as unknown[][];
  }

  /** False once SQLite has ended the transaction by itself, as it does when the disk is full. */
  get isInTransaction(): boolean {
    return this.#database.isOpen && this.#database.isTransaction;
  }

  /** Ends the transaction, unless SQLite has: its own error is then the one to tell. */
  rollback(): void {
    if (this.isInTransaction) this.exec("ROLLBACK");
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** A number is bound as an integer: as a double, division in SQL would no longer round down. */
function bindable(value: Value): SQLInputValue {
  if (value === undefined) return null;
  if (typeof value === "number") return BigInt(value);
  return typeof value === "boolean" ? BigInt(value) : value;
}

/** A row that cannot be what was written: the tables are strict. */
export class DamagedRow extends Error {}

/** A column that is text. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new DamagedRow(`column ${column} is not text`);
  return value;
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

/** A column that is a whole number. */
export function integer(row: Row, column: string): number {
  return wholeNumber(row[column], column);
}

export function wholeNumber(value: unknown, column = ""): number {
  if (typeof value !== "number") throw new DamagedRow(`column ${column} is not a number`);
  // None is larger than the last moment a Date can name, which a delay without end has.
  if (Math.abs(value) > LOCKED_FOREVER) throw new DamagedRow(`column ${column} is out of range`);
  return value;
}

/** A column that is a whole number, or undefined for NULL. */
export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integer(row, column);
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new DamagedRow(`column ${column} is not bytes`);
  return value;
}
