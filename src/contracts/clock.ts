/** The host's clock, so that tests can hold it still or step it back. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The operating system's generator. */
export type RandomBytes = (length: number) => Uint8Array;
