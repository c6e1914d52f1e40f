/** A way by which messages go: a mail server, or a program of the host's. */

export interface Transport {
  /**
   * Does what comes before a message, whoever it is for: so that an outage looks alike for who is
   * sent one and for who is not.
   * @throws Fault of a `message-…` code, or what keeps the host from trying
   */
  open(secret: Buffer, signal: AbortSignal): Promise<Line>;
}

/** Ready for one message. */
export interface Line {
  /** @throws Fault of a `message-…` code */
  send(address: string, text: string): Promise<void>;
  /** The same work without a message, for who has no address. */
  pretend(text: string): Promise<void>;
  /** Ends what is under way, at once. May be called again. */
  close(): void;
}
