/** One run of the command: every entry is looked at, then it comes, or nothing does. */
import type { ImportOutcome } from "../../contracts/imported.ts";
import type { Bringing, ImportLine } from "./bringing.ts";

export interface Ways {
  /** Nothing is to come. */
  readonly isTrial: boolean;
  /** What cannot come is left out, where otherwise nothing comes. */
  readonly isPartly: boolean;
  /** Each entry is a file of its own, and keeps no other from coming. */
  readonly isEach: boolean;
}

export interface Came {
  readonly counts: Bringing["counts"];
  /** Undefined where nothing was to come. */
  readonly outcome: ImportOutcome | undefined;
  /** True where something cannot come, and that was not agreed to. */
  readonly isShort: boolean;
}

export class Pass {
  readonly #bringing: Bringing;
  readonly #ways: Ways;

  constructor(bringing: Bringing, ways: Ways) {
    this.#bringing = bringing;
    this.#ways = ways;
  }

  /** @param looked called with the number of entries so far */
  async *lines(looked: (entries: number) => void): AsyncGenerator<ImportLine> {
    let count = 0;
    try {
      for await (const line of this.#bringing.lines()) {
        yield line;
        looked(++count);
      }
    } catch (error) {
      // What it was that failed is told, not that its end could not be told of.
      await this.#bringing.abandon().catch(() => undefined);
      throw error;
    }
  }

  /** @param added called with the number of entries that were added so far */
  async end(added: (entries: number) => void): Promise<Came> {
    const { isTrial, isPartly, isEach } = this.#ways;
    const { counts } = this.#bringing;
    const isBarred = counts.unfit > 0 && !isPartly && !isEach;
    if (isTrial || isBarred || counts.new === 0) {
      await this.#bringing.abandon();
      return { counts, outcome: undefined, isShort: counts.unfit > 0 && !isPartly };
    }
    const outcome = await this.#bringing.commit(isPartly || isEach, added);
    const isWhole = outcome.done && outcome.leftOut === 0 && counts.unfit === 0;
    return { counts, outcome, isShort: !isWhole && !isPartly };
  }
}
