/** The way on which one answer comes back from the browser, beside what is typed meanwhile. */
import type { Reply } from "../contracts/conversation.ts";
import { readRedirect, sameSecret, type WayBack } from "../core/redirect.ts";
import { type CallbackServer, listenForCallback } from "./callback-server.ts";

export class ListeningWayBack {
  /** The first redirect that is this visit's; `timed-out` once the visit is too old. */
  readonly reply: Promise<Reply>;
  readonly #server: CallbackServer;
  readonly #state: string;
  readonly #stop = new AbortController();

  private constructor(server: CallbackServer, { state }: WayBack) {
    this.#server = server;
    this.#state = state;
    this.reply = server.wait(state, { signal: this.#stop.signal });
  }

  /**
   * Opens the port that the browser comes back to. It keeps no process from ending: whoever
   * waits for the answer does.
   * @throws Fault `conflict` for a port that is taken
   */
  static async listen(wayBack: WayBack): Promise<ListeningWayBack> {
    const server = await listenForCallback(Number(new URL(wayBack.redirectUri).port));
    server.unref();
    return new ListeningWayBack(server, wayBack);
  }

  /** True for an address of this visit, after which nobody is waited for; a slip is none. */
  isAnswer(pasted: string): boolean {
    const [, query = ""] = (pasted.trim().split("#", 1)[0] ?? "").split("?", 2);
    const redirect = readRedirect(query);
    return redirect !== undefined && sameSecret(redirect.state, this.#state);
  }

  /** Closes the port, after the browser had its page where it came. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#server.close();
  }
}
