/** What countersignd says of itself, to countersign doctor. */
export interface AboutDaemon {
  readonly uid: number;
  /** The file it was started from. */
  readonly program: string;
  /** False once that file was replaced or removed. */
  readonly isCurrent: boolean;
}
