/**
 * The lines that come over a socket, one at a time. By its events, since an iterator over a
 * stream takes a login longer to set up than its whole conversation does.
 */
import type { Socket } from "node:net";
import { LineReader } from "../protocol/lines.ts";

export class SocketLines {
  readonly #socket: Socket;
  readonly #reader = new LineReader();
  readonly #lines: string[] = [];
  #failure: Error | undefined;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", (error) => this.#end(error));
    // What was destroyed without an error comes to its end so.
    socket.once("close", () => this.#end());
    socket.once("end", () => this.#end());
  }

  /**
   * The next line; undefined at the end. Not asked again before it has answered.
   * @throws what ended the socket, or Malformed
   */
  async next(): Promise<string | undefined> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#failure) throw this.#failure;
      if (this.#isOver) return undefined;
      this.#socket.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(bytes: Buffer): void {
    try {
      this.#lines.push(...this.#reader.take(bytes));
    } catch (error) {
      this.#end(error as Error);
    }
    // No more than was asked for: a list may be longer than memory.
    if (this.#lines.length > 0) this.#socket.pause();
    this.#wake();
  }

  #end(failure?: Error): void {
    this.#failure ??= failure;
    this.#isOver = true;
    this.#wake();
  }
}
