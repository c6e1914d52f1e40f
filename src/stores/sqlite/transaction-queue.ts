/**
 * One connection holds one transaction at a time, so work waits its turn here. Writers that
 * wait together share one commit: the sync to disk is what costs, and one serves them all.
 */
import type { Connection } from "./connection.ts";
import { storeFault } from "./faults.ts";

interface Waiting {
  readonly kind: "read" | "write";
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Ran = { readonly waiting: Waiting; readonly value: unknown };

/** Most writers that share a commit: one that fails to commit fails for all of them. */
const LARGEST_GROUP = 64;

export class TransactionQueue {
  readonly #connection: Connection;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  write<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue("write", work);
  }

  read<T>(work: () => Promise<T>): Promise<T> {
    return this.#enqueue("read", work);
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #enqueue<T>(kind: Waiting["kind"], work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ kind, work, resolve: resolve as Waiting["resolve"], reject });
    this.#running ??= this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // lets those who ask in the same turn join the first group
    while (this.#waiting.length > 0) await this.#runGroup(this.#nextGroup());
    this.#running = undefined;
  }

  /** The waiting that can run together: neighbours of the same kind. */
  #nextGroup(): Waiting[] {
    const kind = this.#waiting[0]?.kind;
    let size = 0;
    while (size < LARGEST_GROUP && this.#waiting[size]?.kind === kind) size++;
    return this.#waiting.splice(0, size);
  }

  async #runGroup(group: Waiting[]): Promise<void> {
    const writes = group[0]?.kind === "write";
    const ran: Ran[] = [];
    try {
      this.#connection.exec(writes ? "BEGIN IMMEDIATE" : "PRAGMA query_only = ON; BEGIN");
      for (const waiting of group) await this.#runOne(waiting, ran);
      this.#connection.exec("COMMIT");
      for (const { waiting, value } of ran) waiting.resolve(value);
    } catch (error) {
      this.#connection.rollback();
      for (const waiting of group) waiting.reject(storeFault(error, this.#connection.path));
    } finally {
      if (!writes) this.#allowWrites();
    }
  }

  /** Runs one piece of work under a savepoint: its failure undoes its own changes alone. */
  async #runOne(waiting: Waiting, ran: Ran[]): Promise<void> {
    this.#connection.exec("SAVEPOINT work");
    try {
      const value = await waiting.work();
      this.#connection.exec("RELEASE work");
      ran.push({ waiting, value });
    } catch (error) {
      // Some errors (a full disk) end the whole transaction: then all fail, and by this one.
      if (!this.#connection.isInTransaction) throw error;
      this.#connection.exec("ROLLBACK TO work; RELEASE work");
      waiting.reject(storeFault(error, this.#connection.path));
    }
  }

  #allowWrites(): void {
    try {
      this.#connection.exec("PRAGMA query_only = OFF");
    } catch {
      // The connection is closed. Thrown from here it would end the process: nobody awaits it.
    }
  }
}
