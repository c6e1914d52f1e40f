/**
 * Which code was a line's last, by the counter or the time that stands beside it.
 *
 * pam_oath writes the last code of a time-based line with the local time of its use, and in
 * no zone; the count that it keeps there too has lost its sign. The code itself tells: of the
 * steps about that time, in whatever zone, the one whose code it is.
 */
import { codeAt, type Digits, SECRET_BOUNDS } from "../core/totp.ts";

export interface LastCode {
  readonly secret: Uint8Array;
  readonly code: string;
  /** Milliseconds since the epoch, as if the local time had been UTC. */
  readonly usedAt: number;
  /** Seconds. */
  readonly period: number;
}

/** Minutes by which a zone's time is ahead of UTC. */
const ZONES = Array.from({ length: (12 + 14) * 4 + 1 }, (_, index) => index * 15 - 12 * 60);
/** Time steps to either side of the time of use: where the zone is known, and where it is not. */
const REACH = { known: 10, unknown: 2 } as const;
/** The zone of a host, and the one of its other half of the year. */
const MOST_KNOWN = 2;
/** Lines for which every zone is tried. */
const MOST_SEARCHES = 100;

/** The code's number of digits, when it is the code of that counter or time step. */
export function digitsOfCode(
  { secret, code }: Pick<LastCode, "secret" | "code">,
  counter: number,
): Digits | undefined {
  const { shortest, longest } = SECRET_BOUNDS;
  const isSecret = secret.length >= shortest && secret.length <= longest;
  if (!isSecret || !/^[0-9]{6,8}$/.test(code) || counter < 0) return undefined;
  const digits = code.length as Digits;
  return codeAt(secret, counter, { algorithm: "sha1", digits }) === code ? digits : undefined;
}

/** For the lines of one file, which were written in one zone, or in two. */
export class LastSteps {
  readonly #known: number[] = [];
  #searches = 0;

  /** The time step of the code; undefined when none about that time has it. */
  find(last: LastCode): number | undefined {
    for (const zone of this.#known) {
      const step = stepNear(last, zone, REACH.known);
      if (step !== undefined) return step;
    }
    if (this.#known.length === MOST_KNOWN || this.#searches === MOST_SEARCHES) return undefined;
    this.#searches += 1;
    for (const zone of ZONES) {
      const step = stepNear(last, zone, REACH.unknown);
      if (step === undefined) continue;
      this.#known.push(zone);
      return step;
    }
    return undefined;
  }
}

function stepNear(last: LastCode, zone: number, reach: number): number | undefined {
  const middle = Math.floor((last.usedAt / 1000 - zone * 60) / last.period);
  for (let distance = 0; distance <= reach; distance++) {
    for (const step of distance === 0 ? [middle] : [middle - distance, middle + distance]) {
      if (digitsOfCode(last, step) !== undefined) return step;
    }
  }
  return undefined;
}
