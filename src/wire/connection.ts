/**
 * One connection: an opening, a conversation, one ending. Nothing is read past what a person
 * can have typed by then, and every wait has an end.
 */
import type { Socket } from "node:net";
import type { Conversation, Ended, Reply } from "../contracts/conversation.ts";
import { Fault } from "../core/fault.ts";
import { LINE_MAX, LineReader } from "../protocol/lines.ts";
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
  /** Milliseconds that a connection lives at most, from the last element of a list that it was sent. */
  readonly total: number;
}

/** Replies that may be sent ahead of their prompts: who has the code already saves a round trip. */
const AHEAD = 4;
/** Milliseconds that a client has to hang up, once it was sent its ending. */
const LINGER = 1_000;

/** Bytes of a message beside its text: `prompt-secret`, a space, a line feed. */
const LONGEST_KIND = 16;

type Waiter = (reply: Reply) => void;

export class DaemonConnection {
  readonly socket: Socket;
  readonly #lines = new LineReader();
  readonly #limits: Limits;
  readonly #ahead: Reply[] = [];
  readonly #end: NodeJS.Timeout;
  #idle: NodeJS.Timeout | undefined;
  #waiter: Waiter | undefined;
  #isOpened = false;
  #isFinished = false;
  /** Why no more answers come. */
  #ended: Ended | undefined;
  /** The end that the engine was told of: from then on it asks nobody. */
  #toldEnd: Ended | undefined;
  #isGone = false;
  /** Only for who waits: a login by a code alone shall not pay for it. */
  #gone: AbortController | undefined;
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
    socket.on("end", () => (this.#isOpened ? this.#over("end-of-input") : this.destroy()));
    socket.on("close", () => this.destroy());
  }

  /** True from its opening to its ending. */
  get isUnderWay(): boolean {
    return this.#isOpened && !this.#isFinished;
  }

  /** The person behind the connection. */
  get conversation(): Conversation {
    const ask = (kind: "prompt" | "prompt-secret") => async (text: string) => {
      if (this.#toldEnd) return this.#toldEnd;
      this.send({ kind, text: fitting(text) });
      const reply = await this.#nextReply();
      if (reply.kind !== "text") this.#toldEnd = reply;
      return reply;
    };
    const say = (kind: "info" | "error") => async (text: string) => {
      this.send({ kind, text: fitting(text) });
    };
    const open = async (url: string) => {
      if (fitting(url) !== url) throw new Fault("internal", "the address is too long to be sent");
      this.send({ kind: "open", text: url });
    };
    return {
      prompt: ask("prompt"),
      promptSecret: ask("prompt-secret"),
      info: say("info"),
      error: say("error"),
      open,
      waiting: (work) => this.#waiting(work),
    };
  }

  async #waiting<T>(work: (gone: AbortSignal) => Promise<T>): Promise<T> {
    const gone = new AbortController();
    this.#gone = gone;
    if (this.#isGone) gone.abort();
    try {
      return await work(gone.signal);
    } finally {
      if (this.#isGone) this.#toldEnd ??= this.#ended ?? { kind: "cancelled" };
    }
  }

  #leave(): void {
    this.#isGone = true;
    this.#gone?.abort();
  }

  send(message: DaemonMessage): boolean {
    // Who reads a long list is not at its end; who reads no more is told no more.
    if (message.kind === "item") this.#end.refresh();
    return this.socket.writable ? this.socket.write(encodeMessage(message)) : true;
  }

  /** Sends the last message, and hangs up once it is sent: the client first, if it will. */
  finish(message: DaemonMessage): void {
    this.#isFinished = true;
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
    this.#over("end-of-input");
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
    if (given.kind !== "text") this.#leave();
    if (waiter) waiter(given);
    else if (this.#ahead.push(given) > AHEAD) this.destroy();
  }

  #nextReply(): Promise<Reply> {
    const ahead = this.#ahead.shift();
    if (ahead) return Promise.resolve(ahead);
    if (this.#ended) return Promise.resolve(this.#ended);
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiter = resolve;
    this.#watch();
    return promise;
  }

  /** A person who does not answer, or a client that does not open, is not waited for. */
  #watch(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#over("timed-out");
      if (!this.#isOpened) this.destroy();
    }, this.#limits.idle);
  }

  /**
   * A client that ends its sending side is gone as well: it can neither answer nor cancel any
   * more, and one that was killed looks the same.
   */
  #over(kind: "end-of-input" | "timed-out"): void {
    const ended = this.#ended ?? { kind };
    this.#ended = ended;
    this.#leave();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(ended);
  }
}

/** As much of a text as fits a line, however it is encoded. */
function fitting(text: string): string {
  let room = LINE_MAX - LONGEST_KIND;
  let end = 0;
  for (const character of text) {
    room -= 3 * Buffer.byteLength(character);
    if (room < 0) return text.slice(0, end);
    end += character.length;
  }
  return text;
}
