/**
 * One connection: an opening, a conversation, one ending. Nothing is read past what a person
 * can have typed by then, and every wait has an end.
 */
import type { Socket } from "node:net";
import type { Conversation, Reply } from "../contracts/conversation.ts";
import { LineReader } from "../protocol/lines.ts";
import {
  type ClientReply,
  type DaemonMessage,
  decodeOpening,
  decodeReply,
  encodeMessage,
  type Opening,
} from "../protocol/messages.ts";

export interface Limits {
  /** Milliseconds until the opening must stand, and until each answer must. */
  readonly idle: number;
  /** Milliseconds that a connection lives at most. */
  readonly total: number;
}

/** Replies that may be sent ahead of their prompts: who has the code already saves a round trip. */
const AHEAD = 4;
/** Milliseconds that a client has to hang up, once it was sent its ending. */
const LINGER = 1_000;

type Waiter = (reply: Reply) => void;

export class DaemonConnection {
  readonly socket: Socket;
  readonly #lines = new LineReader();
  readonly #limits: Limits;
  readonly #ahead: Reply[] = [];
  readonly #end: NodeJS.Timeout;
  #idle: NodeJS.Timeout | undefined;
  #waiter: Waiter | undefined;
  #isGone = false;
  #isOpened = false;
  readonly #onOpening: (opening: Opening) => void;

  constructor(socket: Socket, limits: Limits, onOpening: (opening: Opening) => void) {
    this.socket = socket;
    this.#limits = limits;
    this.#onOpening = onOpening;
    this.#end = setTimeout(() => this.destroy(), limits.total);
    this.#watch();
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", () => this.destroy());
    // Half-closed, a client still wants its ending; without an opening there is none to wait for.
    socket.on("end", () => (this.#isOpened ? this.#gone("end-of-input") : this.destroy()));
    socket.on("close", () => this.destroy());
  }

  /** The person behind the connection. */
  get conversation(): Conversation {
    const ask = (kind: "prompt" | "prompt-secret") => (text: string) => {
      this.send({ kind, text });
      return this.#nextReply();
    };
    const say = (kind: "info" | "error" | "open") => async (text: string) => {
      this.send({ kind, text });
    };
    return {
      prompt: ask("prompt"),
      promptSecret: ask("prompt-secret"),
      info: say("info"),
      error: say("error"),
      open: say("open"),
    };
  }

  send(message: DaemonMessage): boolean {
    return this.socket.writable ? this.socket.write(encodeMessage(message)) : true;
  }

  /** Sends the last message, and hangs up once it is sent: the client first, if it will. */
  finish(message: DaemonMessage): void {
    clearTimeout(this.#idle);
    if (!this.socket.writable) {
      this.destroy();
      return;
    }
    this.socket.end(encodeMessage(message), () => {
      this.#idle = setTimeout(() => this.destroy(), LINGER);
    });
  }

  /** Hangs up on a client that has not said what it wants. */
  dismiss(): void {
    if (!this.#isOpened) this.destroy();
  }

  destroy(): void {
    clearTimeout(this.#end);
    clearTimeout(this.#idle);
    // Of a client that broke the protocol, or is gone, no answer is judged.
    this.#ahead.length = 0;
    this.#gone("end-of-input");
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    try {
      for (const line of this.#lines.take(bytes)) {
        if (this.socket.destroyed) return;
        if (this.#isOpened) this.#reply(decodeReply(line));
        else this.#open(decodeOpening(line));
      }
    } catch {
      // What it sent is nothing of ours, so there is nothing to say to it either.
      this.destroy();
    } finally {
      bytes.fill(0);
    }
  }

  #open(opening: Opening): void {
    this.#isOpened = true;
    clearTimeout(this.#idle);
    this.#onOpening(opening);
  }

  #reply(reply: ClientReply): void {
    const given: Reply =
      reply.kind === "answer" ? { kind: "text", text: reply.text } : { kind: reply.why };
    const waiter = this.#waiter;
    this.#waiter = undefined;
    clearTimeout(this.#idle);
    if (waiter) waiter(given);
    else if (this.#ahead.push(given) > AHEAD) this.destroy();
  }

  #nextReply(): Promise<Reply> {
    const ahead = this.#ahead.shift();
    if (ahead) return Promise.resolve(ahead);
    if (this.#isGone) return Promise.resolve({ kind: "end-of-input" });
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiter = resolve;
    this.#watch();
    return promise;
  }

  /** A person who does not answer, or a client that does not open, is not waited for. */
  #watch(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#gone("timed-out");
      if (!this.#isOpened) this.destroy();
    }, this.#limits.idle);
  }

  #gone(kind: "end-of-input" | "timed-out"): void {
    this.#isGone = true;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.({ kind });
  }
}
