/**
 * What imports have brought so far, each in a database of its own that has no name: SQLite keeps
 * it in a file that is removed as soon as it is open, and ends it in a moment, however large.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type {
  StagedCodes,
  StagedPlace,
  StagedRow,
  Staging,
  Stagings,
} from "../../contracts/staging.ts";
import { Fault } from "../../core/fault.ts";
import { storeFault } from "./faults.ts";

/** Imports under way at once: what is staged takes room on the disk. */
const MOST = 4;
/** Milliseconds after which a client that sends nothing more is given up. */
const SILENCE = 600_000;
/** The same where another waits: one that was killed looks so. */
const SILENCE_BESIDE_OTHERS = 5_000;

const TABLES = `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
CREATE TABLE entries (
  number INTEGER PRIMARY KEY,
  user TEXT NOT NULL,
  method TEXT NOT NULL,
  serial TEXT NOT NULL,
  digest BLOB NOT NULL,
  place TEXT NOT NULL,
  id TEXT,
  sealed_secret BLOB,
  algorithm TEXT,
  digits INTEGER,
  period INTEGER,
  last_counter INTEGER,
  skew INTEGER,
  found INTEGER,
  codes TEXT
) STRICT;
CREATE INDEX entries_by_user ON entries (user, method);
CREATE INDEX entries_by_secret ON entries (digest);
CREATE INDEX entries_by_serial ON entries (method, serial) WHERE serial <> '';
CREATE INDEX entries_with_codes ON entries (id) WHERE codes IS NOT NULL;`;

const ADD = "INSERT INTO entries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const SET_CODES = "UPDATE entries SET codes = ? WHERE id = ?";
const BY_SECRET = `
SELECT place, user FROM entries WHERE digest = ? ORDER BY user = ? DESC LIMIT 1`;
const BY_SERIAL = "SELECT place FROM entries WHERE method = ? AND serial = ? AND serial <> ''";
const COUNT = "SELECT count(*) AS entries FROM entries WHERE user = ? AND method = ?";
const USERS = `
SELECT DISTINCT user FROM entries WHERE user > ? ORDER BY user LIMIT 1 OFFSET ?`;
const PAGE = `
SELECT place, user, method, serial, id, sealed_secret, algorithm, digits, period, last_counter,
  skew, found, codes
FROM entries WHERE user > ? AND user <= ? AND id IS NOT NULL ORDER BY user, number`;
/** Of nobody: by number, since they may all be that. */
const NOBODYS = `
SELECT place, user, method, serial, id, sealed_secret, algorithm, digits, period, last_counter,
  skew, found, codes, number
FROM entries WHERE user = '' AND number > ? AND id IS NOT NULL ORDER BY number LIMIT ?`;

/** Behind every name. */
const END = "\u{10ffff}";

interface Open {
  readonly staging: Staging;
  readonly timer: NodeJS.Timeout;
  /** By the monotonic clock. */
  heardAt: number;
}

export class SqliteStagings implements Stagings {
  readonly #open = new Map<string, Open>();
  readonly #silence: number;

  /** @param silence milliseconds, where another import waits */
  constructor(silence = SILENCE_BESIDE_OTHERS) {
    this.#silence = silence;
  }

  open(id: string, isTrial: boolean): void {
    if (this.#open.size >= MOST) this.#giveUpOne();
    const staging = new SqliteStaging(isTrial);
    const timer = setTimeout(() => this.close(id), SILENCE).unref();
    this.#open.set(id, { staging, timer, heardAt: performance.now() });
  }

  #giveUpOne(): void {
    const [longest] = [...this.#open].toSorted(([, a], [, b]) => a.heardAt - b.heardAt);
    if (longest === undefined || performance.now() - longest[1].heardAt < this.#silence) {
      throw new Fault("conflict", "too many imports are under way", {
        hint: "wait for one of them to end",
      });
    }
    this.close(longest[0]);
  }

  find(id: string): Staging {
    const found = this.#open.get(id);
    if (!found) {
      throw new Fault("not-found", "this import has ended, or nothing came for too long", {
        hint: "begin again: nothing was imported",
      });
    }
    found.timer.refresh();
    found.heardAt = performance.now();
    return found.staging;
  }

  take(id: string): Staging {
    const staging = this.find(id);
    clearTimeout(this.#open.get(id)?.timer);
    this.#open.delete(id);
    return staging;
  }

  close(id: string): void {
    if (this.#open.has(id)) this.take(id).close();
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}

class SqliteStaging implements Staging {
  readonly isTrial: boolean;
  size = 0;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(isTrial: boolean) {
    this.isTrial = isTrial;
    // No path: on disk where it grows, and in no directory.
    this.#database = new DatabaseSync("");
    this.#database.exec(TABLES);
    // Without end, for there is nothing to end it for: each commit would write every page.
    this.#database.exec("BEGIN");
  }

  withSecret(digest: Uint8Array, user: string | undefined): StagedPlace | undefined {
    const row = this.#told(() => this.#prepare(BY_SECRET).get(digest, user ?? ""));
    return row && { place: String(row.place), user: row.user ? String(row.user) : undefined };
  }

  placeOfSerial(method: string, serial: string): string | undefined {
    const row = this.#told(() => this.#prepare(BY_SERIAL).get(method, serial));
    return row && String(row.place);
  }

  countOf(user: string, method: string): number {
    return Number(this.#told(() => this.#prepare(COUNT).get(user, method))?.entries ?? 0);
  }

  add(
    { place, user, method, serial, digest }: Parameters<Staging["add"]>[0],
    row?: StagedRow,
  ): void {
    const kept = [
      ...[row?.id, row?.sealedSecret, row?.algorithm, row?.digits, row?.period],
      ...[row?.lastCounter, row?.skew, row?.isFound ? 1 : 0, row?.codes && textOf(row.codes)],
    ].map((value) => value ?? null);
    this.#told(() => this.#prepare(ADD).run(user ?? "", method, serial, digest, place, ...kept));
    this.size += 1;
  }

  setCodes(id: string, codes: StagedCodes): void {
    this.#told(() => this.#prepare(SET_CODES).run(textOf(codes), id));
  }

  *pages(limit: number): Generator<readonly StagedRow[]> {
    for (let after = 0; ; ) {
      const rows = this.#lists(NOBODYS, after, limit);
      if (rows.length === 0) break;
      yield rows.map(toRow);
      after = Number(rows.at(-1)?.[13]);
    }
    for (let after = ""; ; ) {
      const last = this.#told(() => this.#prepare(USERS).get(after, limit - 1))?.user ?? END;
      const rows = this.#lists(PAGE, after, String(last));
      if (rows.length > 0) yield rows.map(toRow);
      if (last === END) return;
      after = String(last);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #lists(sql: string, ...values: SQLInputValue[]): unknown[][] {
    const statement = this.#prepare(sql);
    statement.setReturnArrays(true);
    return this.#told(() => statement.all(...values)) as unknown as unknown[][];
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #told<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asFault(error);
    }
  }
}

/** It has no path to be told by. */
function asFault(error: unknown): Fault {
  const fault = storeFault(error, "what is imported");
  if (fault.code !== "store-unwritable") return fault;
  const message = "there is no room to keep what is imported until all of it comes";
  return new Fault(fault.code, message, {
    hint: "free some space in /var/tmp and /tmp, and begin again",
    cause: error,
  });
}

function textOf({ salt, cost, hashes }: StagedCodes): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return JSON.stringify({ salt: hex(salt), cost, hashes: hashes.map(hex) });
}

function codesIn(text: unknown): StagedCodes | undefined {
  if (typeof text !== "string") return undefined;
  const { salt, cost, hashes } = JSON.parse(text);
  const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
  return { salt: bytes(salt), cost, hashes: hashes.map(bytes) };
}

function toRow(row: readonly unknown[]): StagedRow {
  const [place, user, method, serial, id, sealedSecret, algorithm, digits, period] = row;
  const [lastCounter, skew, found, codes] = row.slice(9);
  const number = (value: unknown) => (value === null ? undefined : (value as number));
  return {
    place: place as string,
    user: user === "" ? undefined : (user as string),
    method: method as string,
    serial: serial as string,
    id: id as string,
    sealedSecret: sealedSecret as Uint8Array,
    algorithm: (algorithm ?? undefined) as StagedRow["algorithm"],
    digits: number(digits),
    period: number(period),
    lastCounter: number(lastCounter),
    skew: skew as number,
    codes: codesIn(codes),
    ...(found === 1 ? { isFound: true } : {}),
  };
}
