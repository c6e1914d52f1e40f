/** What countersignd says of itself, to countersign doctor. */
export interface AboutDaemon {
  readonly uid: number;
  /** The file it was started from. */
  readonly program: string;
  /** False once that file was replaced or removed. */
  readonly isCurrent: boolean;
  /** Audit events that the host's log has not taken; absent from a daemon of an earlier release. */
  readonly linesLost?: number;
}
