/** A way by which messages go, ready for one of them: a mail server, or a program of the host's. */

export interface Line {
  /** @throws Fault of a `message-…` code */
  send(address: string, text: string): Promise<void>;
  /** The same work without a message, for who has no address. @throws Fault */
  pretend(text: string): Promise<void>;
  /** Ends what is under way, at once. May be called again. */
  close(): void;
}
