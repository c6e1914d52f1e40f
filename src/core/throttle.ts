/**
 * The throttle of RFC 4226 7.3: after some failures the delay doubles, up to a ceiling,
 * and decays. The store counts; these are the numbers it counts with.
 */

export interface ThrottlePolicy {
  /** Failures that are free of any delay but the last, which earns the first delay. */
  readonly freeFailures: number;
  /** First delay, in milliseconds; each further failure doubles it. */
  readonly firstDelay: number;
  /** Longest delay, in milliseconds. */
  readonly longestDelay: number;
  /** A quiet time of this many milliseconds forgives one failure. */
  readonly decay: number;
  /** Failures that lock the account until it is unlocked; 0 for never. */
  readonly lockAfter: number;
}

export const DEFAULT_THROTTLE: ThrottlePolicy = {
  freeFailures: 5,
  firstDelay: 2_000,
  longestDelay: 300_000,
  decay: 900_000,
  lockAfter: 0,
};

/** The end of a hard lock: the last moment a Date can name, in milliseconds. */
export const LOCKED_FOREVER = 8_640_000_000_000_000;

/**
 * A count this far ahead of the clock shows that the clock was stepped back, and holds
 * nobody; less is only another process that read the clock a moment later. Milliseconds.
 */
export const CLOCK_STEP = 60_000;

/** Most doublings that are computed: far past any longest delay, and safe in a shift. */
export const MOST_DOUBLINGS = 30;

/** Delay after that many failures, in milliseconds. */
export function delayAfter(failures: number, policy: ThrottlePolicy): number {
  if (failures < policy.freeFailures) return 0;
  const doublings = Math.min(failures - policy.freeFailures, MOST_DOUBLINGS);
  return Math.min(policy.firstDelay * 2 ** doublings, policy.longestDelay);
}

/** Failures past which the delay grows no more: counting on would only slow the decay. */
export function failureCeiling(policy: ThrottlePolicy): number {
  const doublings = Math.max(0, Math.ceil(Math.log2(policy.longestDelay / policy.firstDelay)));
  return Math.max(policy.freeFailures + doublings, policy.lockAfter);
}

/** When the next attempt is read, given the failures counted by then; milliseconds. */
export function throttledUntil(failures: number, now: number, policy: ThrottlePolicy): number {
  if (policy.lockAfter > 0 && failures >= policy.lockAfter) return LOCKED_FOREVER;
  return now + delayAfter(failures, policy);
}

/** Failures left at `now` of those last counted at `countedAt`. */
export function decayed(
  failures: number,
  countedAt: number,
  now: number,
  policy: ThrottlePolicy,
): number {
  const forgiven = Math.max(0, Math.floor((now - countedAt) / policy.decay));
  return Math.max(0, failures - forgiven);
}
