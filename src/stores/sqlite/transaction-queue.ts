/**
 * One connection holds one transaction at a time, so work waits its turn here. Writers that
 * wait together share one commit: the sync to disk is what costs, and one serves them all.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { isBusy, locked, storeFault } from "./faults.ts";

type Kind = "read" | "write";

interface Waiting {
  readonly kind: Kind;
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** When it gives up on a store that another process has locked, by the monotonic clock. */
  readonly until: number;
}

type Ran = { readonly waiting: Waiting; readonly value: unknown };

/** Most works that share a transaction: a commit that fails fails for all of them. */
const LARGEST_GROUP = 64;
/** Of so many writers that follow one another closely one tries whether waiting brings others. */
const PROBE = 32;
/** However slow the disk is, nobody waits longer for others; milliseconds. */
const LONGEST_GATHER = 5;
/** How long a work waits for another process's transaction, in milliseconds. */
const PATIENCE = 10_000;
/** Milliseconds between two tries at a locked store: the first pause, and the longest. */
const PAUSE = { first: 1, longest: 25 };

const BEGIN: Readonly<Record<Kind, string>> = {
  // What takes the lock: BEGIN alone waits for the first statement to do it.
  read: "PRAGMA query_only = ON; BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1",
  write: "BEGIN IMMEDIATE",
};

export class TransactionQueue {
  readonly #connection: Connection;
  readonly #beforeEnd: () => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** True when writers come so fast that waiting a little lets them share a commit. */
  #isCrowded = false;
  /** Lone writers with another close behind: some are tried, the rest not held up. */
  #followed = 0;
  /** Milliseconds that the last transaction of writers took. */
  #lastTook = 0;

  /** @param beforeEnd run before each transaction ends; what it throws undoes all of it */
  constructor(connection: Connection, beforeEnd: () => void = () => undefined) {
    this.#connection = connection;
    this.#beforeEnd = beforeEnd;
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

  #enqueue<T>(kind: Kind, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const until = performance.now() + PATIENCE;
    this.#waiting.push({ kind, work, resolve: resolve as Waiting["resolve"], reject, until });
    this.#running ??= this.#drain();
    return promise;
  }

  /** Never blocks on a lock: a daemon has others to serve meanwhile. */
  async #drain(): Promise<void> {
    await Promise.resolve(); // lets those who ask at the same moment join the first group
    for (let pause = PAUSE.first; ; await nextTurn()) {
      const kind = this.#waiting[0]?.kind;
      if (kind === undefined) break;
      if (await this.#run(kind)) {
        pause = PAUSE.first;
        continue;
      }
      // Who locked the store keeps writers out; readers pass them.
      if (kind === "write") await this.#run("read");
      this.#giveUpLate();
      await sleep(pause);
      pause = Math.min(2 * pause, PAUSE.longest);
    }
    this.#running = undefined;
  }

  /** One transaction for the next ones of a kind; false when the store is locked. */
  async #run(kind: Kind): Promise<boolean> {
    if (kind === "write" && this.#isCrowded) await this.#gather();
    const began = performance.now();
    try {
      this.#connection.exec(BEGIN[kind]);
    } catch (error) {
      this.#undo(kind);
      if (isBusy(error)) return false;
      this.#fail(this.#take(kind), error);
      return true;
    }
    const group = this.#take(kind);
    await this.#runGroup(kind, group);
    if (kind === "write") await this.#learn(group.length, performance.now() - began);
    return true;
  }

  /** The next ones of a kind that are neighbours: what is asked for later sees what was before. */
  #take(kind: Kind): Waiting[] {
    const from = this.#waiting.findIndex((waiting) => waiting.kind === kind);
    return from < 0 ? [] : this.#waiting.splice(from, this.#neighbours(kind, from));
  }

  #neighbours(kind: Kind, from = 0): number {
    let size = 0;
    while (size < LARGEST_GROUP && this.#waiting[from + size]?.kind === kind) size++;
    return size;
  }

  /**
   * Waits for more writers, as long as a commit takes and no longer: alone each would wait
   * for the commits of all before it. (PostgreSQL's commit_delay.)
   */
  async #gather(): Promise<void> {
    const until = performance.now() + Math.min(this.#lastTook, LONGEST_GATHER);
    while (this.#neighbours("write") < LARGEST_GROUP && performance.now() < until) await nextTurn();
  }

  /** Whether the next writers shall wait for more: not one who is alone, however often. */
  async #learn(size: number, took: number): Promise<void> {
    this.#lastTook = took;
    await nextTurn();
    const isFollowed = this.#neighbours("write") > 0;
    this.#isCrowded = size > 1 || (isFollowed && ++this.#followed % PROBE === 0);
  }

  async #runGroup(kind: Kind, group: readonly Waiting[]): Promise<void> {
    const ran: Ran[] = [];
    try {
      for (const waiting of group) await this.#runOne(waiting, ran);
      this.#beforeEnd();
      this.#connection.exec("COMMIT");
      this.#undo(kind);
      for (const { waiting, value } of ran) waiting.resolve(value);
    } catch (error) {
      this.#undo(kind);
      this.#fail(group, error);
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

  #fail(group: readonly Waiting[], error: unknown): void {
    const fault = storeFault(error, this.#connection.path);
    for (const waiting of group) waiting.reject(fault);
  }

  /** Another process held the store for longer than anybody is to wait. */
  #giveUpLate(): void {
    const now = performance.now();
    const late = this.#waiting.filter(({ until }) => until <= now);
    this.#waiting = this.#waiting.filter(({ until }) => until > now);
    for (const { reject } of late) reject(locked(this.#connection.path));
  }

  /** Ends what a failure left open, and lets the next one write. */
  #undo(kind: Kind): void {
    try {
      this.#connection.rollback();
      if (kind === "read") this.#connection.exec("PRAGMA query_only = OFF");
    } catch {
      // The connection is closed. Thrown from here it would end the process: nobody awaits it.
    }
  }
}
