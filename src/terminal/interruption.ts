/**
 * How a conversation of this process's own ended, and Ctrl-C or a hang-up while nothing is
 * asked: they would end the process, and what is waited for would never hear of it.
 */
import type { Ended, Reply } from "../contracts/conversation.ts";

export class Interruption {
  /** Why nothing is asked any more; undefined while it goes on. */
  ended: Ended | undefined;

  /** The reply as it is; one that ends the conversation is remembered. */
  note(reply: Reply): Reply {
    if (reply.kind !== "text") this.ended ??= reply;
    return reply;
  }

  async waiting<T>(work: (gone: AbortSignal) => Promise<T>): Promise<T> {
    const gone = new AbortController();
    const end = (reply: Ended): void => {
      this.ended ??= reply;
      gone.abort();
    };
    // A second Ctrl-C ends the process, whatever it waits for. The listener goes a turn later:
    // were it gone at once, restore.ts would take this signal for one that nobody minds.
    const interrupt = (): void => {
      end({ kind: "cancelled" });
      setImmediate(() => process.off("SIGINT", interrupt));
    };
    // A hang-up comes as several signals: the later ones must not kill what records it.
    const hangUp = (): void => end({ kind: "end-of-input" });
    if (this.ended) gone.abort();
    process.on("SIGINT", interrupt).on("SIGHUP", hangUp);
    try {
      return await work(gone.signal);
    } finally {
      process.off("SIGINT", interrupt);
      if (this.ended?.kind !== "end-of-input") process.off("SIGHUP", hangUp);
    }
  }
}
