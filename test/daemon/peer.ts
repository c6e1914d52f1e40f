/** A client that speaks to the daemon byte by byte, and may break every rule of it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../src/core/fault.ts";

/** Milliseconds until a peer gives up waiting: longer than the store waits for a lock. */
const PATIENCE = 20_000;

export class Peer {
  readonly socket: Socket;
  received = "";
  #isOver = false;
  #taken = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.received += bytes;
    });
    socket.on("error", () => undefined);
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#isOver = true;
      });
    }
  }

  static async connect(path: string, patience = 500): Promise<Peer> {
    for (let tries = 0; ; tries++) {
      const peer = new Peer(connect({ path, allowHalfOpen: true }));
      try {
        await once(peer.socket, "connect");
        return peer;
      } catch (error) {
        // The line before the door is full: connect(2) would wait, which Node does not.
        if (errnoOf(error) !== "EAGAIN" || tries >= patience) throw error;
        await sleep(10);
      }
    }
  }

  /** Sends text or bytes as they are. */
  send(bytes: string | Uint8Array): this {
    if (this.socket.writable) this.socket.write(bytes);
    return this;
  }

  /** The next line; undefined when the daemon hangs up before it has ended one. */
  async line(): Promise<string | undefined> {
    await this.#wait(() => this.#isOver || this.received.indexOf("\n", this.#taken) >= 0);
    const end = this.received.indexOf("\n", this.#taken);
    if (end < 0) return undefined;
    const line = this.received.slice(this.#taken, end);
    this.#taken = end + 1;
    return line;
  }

  /** Everything it was sent until the daemon hung up, the lines already read left out. */
  async rest(): Promise<string> {
    await this.#wait(() => this.#isOver);
    const rest = this.received.slice(this.#taken);
    this.#taken = this.received.length;
    this.close();
    return rest;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  close(): void {
    this.socket.destroy();
  }

  async #wait(isSo: () => boolean): Promise<void> {
    for (const end = Date.now() + PATIENCE; !isSo(); await sleep(2)) {
      if (Date.now() > end) throw new Error(`the daemon is silent after: ${this.received}`);
    }
  }
}

export const OPENING = "countersign/1 verify user=alice service=test\n";
export const PROMPTED = "prompt-secret Verification%20code%3A%20";

/** One whole login at a socket: its last line. */
export async function login(path: string, answer: string, user = "alice"): Promise<string> {
  const peer = await Peer.connect(path);
  peer.send(`countersign/1 verify user=${user} service=test\n`);
  if ((await peer.line()) !== PROMPTED) throw new Error(`no prompt: ${peer.received}`);
  peer.send(`answer ${answer}\n`);
  return (await peer.rest()).trim();
}
