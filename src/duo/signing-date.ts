/**
 * The Date of each request. It counts whole seconds, so a request repeated within one would
 * carry the same signature, which is what a replay looks like: it is dated a second later,
 * well within the minutes that Duo allows clocks to differ.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../contracts/clock.ts";

/** How far ahead dates may run: beyond it the clock was set back, and what was used is moot. */
const AHEAD = 120;

export class SigningDates {
  readonly #clock: Clock;
  /** Digests of requests, with the last second each was dated. */
  readonly #used = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param request all of it that is signed, but the date
   * @param ahead seconds to date it ahead, where another process may have used this one
   */
  next(request: string, ahead = 0): string {
    const now = Math.floor(this.#clock.now() / 1000);
    for (const [digest, second] of this.#used) {
      if (second < now || second > now + AHEAD) this.#used.delete(digest);
    }
    // A digest, for a request may hold a passcode.
    const digest = createHash("sha256").update(request).digest("base64");
    const second = Math.max(now, (this.#used.get(digest) ?? 0) + 1) + ahead;
    this.#used.set(digest, second);
    return new Date(second * 1000).toUTCString();
  }
}
