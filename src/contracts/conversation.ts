/**
 * How the engine speaks to a person. A terminal, a socket, PAM and standard input each
 * answer this one contract; the engine never knows which. test/conversation holds them to it.
 *
 * What is said is one line: line breaks become spaces, and what a terminal would obey goes.
 * A conversation that has ended, by any reply but `text`, stays so: whoever asks again gets
 * the same reply, and nobody is asked.
 */

/** What came back from a prompt. Only `text` carries an answer; the rest never accepts. */
export type Reply = { readonly kind: "text"; readonly text: string } | Ended;

export type Ended =
  | { readonly kind: "cancelled" }
  | { readonly kind: "end-of-input" }
  | { readonly kind: "timed-out" };

export interface Conversation {
  /** Asks, showing what is typed. */
  prompt(text: string): Promise<Reply>;
  /** Asks, without showing what is typed. */
  promptSecret(text: string): Promise<Reply>;
  info(text: string): Promise<void>;
  error(text: string): Promise<void>;
  /**
   * Has the person open an address in a browser. Where that brings the browser back to a port
   * of the person's machine (core/redirect.ts, wayBackOf), the next `prompt` asks for the
   * address it ended at: the answer is what the person pastes or, from a mouth that listens
   * there, what the browser came with; whichever is first. Asked once more, it still listens.
   */
  open(url: string): Promise<void>;
  /**
   * Waits for something else than an answer, such as an approval on a phone. `gone` is
   * aborted once the person cancels or hangs up: `work` then has nobody to go on for, and
   * ends. It may say things meanwhile; it does not ask.
   */
  waiting<T>(work: (gone: AbortSignal) => Promise<T>): Promise<T>;
}
