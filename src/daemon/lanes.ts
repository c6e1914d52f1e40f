/**
 * One lane for each user's slow hashes. They all share the few threads there are, so what one
 * user asks for by the hundred would stand before the one that another's login waits for.
 */
import type { SlowHash } from "../contracts/sealing.ts";

export class Lanes {
  readonly #hash: SlowHash;
  readonly #last = new Map<number, Promise<unknown>>();

  constructor(hash: SlowHash) {
    this.#hash = hash;
  }

  /** The hash, one at a time for this uid. Root's, which are logins, wait for nobody. */
  of(uid: number): SlowHash {
    if (uid === 0) return this.#hash;
    return (...input) => {
      const before = this.#last.get(uid) ?? Promise.resolve();
      const hashed = before.then(() => this.#hash(...input));
      const done = hashed.catch(() => undefined);
      this.#last.set(uid, done);
      void done.then(() => {
        if (this.#last.get(uid) === done) this.#last.delete(uid);
      });
      return hashed;
    };
  }
}
