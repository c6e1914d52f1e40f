/**
 * How the engine speaks to a person. A terminal, a socket, PAM and standard input each
 * answer this one contract; the engine never knows which.
 */

/** What came back from a prompt. Only `text` carries an answer; the rest never accepts. */
export type Reply =
  | { readonly kind: "text"; readonly text: string }
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
  /** Has the person open an address in a browser. */
  open(url: string): Promise<void>;
}
