/**
 * How fast a user's requests are taken up. Each leaves a record, so that whoever asks without
 * end would fill the disk, and then nobody could log in.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface Rate {
  /** Requests that are taken up at once. */
  readonly burst: number;
  /** Milliseconds between any after that. */
  readonly interval: number;
}

const ROOT = 0;
/** Users who are remembered before those whose burst is whole again are forgotten. */
const MANY = 1_024;

export class Pace {
  readonly #rate: Rate;
  /** When the last request would have been taken up without a burst: monotonic, milliseconds. */
  readonly #due = new Map<number, number>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Resolves when a request of this uid may be taken up. Root's, which are logins, at once. */
  async turn(uid: number): Promise<void> {
    if (uid === ROOT) return;
    const now = performance.now();
    if (this.#due.size > MANY) this.#forget(now);
    const { burst, interval } = this.#rate;
    const due = Math.max(this.#due.get(uid) ?? now, now) + interval;
    this.#due.set(uid, due);
    const wait = due - burst * interval - now;
    if (wait > 0) await sleep(wait);
  }

  #forget(now: number): void {
    for (const [uid, due] of this.#due) if (due <= now) this.#due.delete(uid);
  }
}
