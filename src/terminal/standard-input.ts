/**
 * A conversation whose answers come from standard input, a line each: for --code-stdin and
 * for pam_exec, which writes the authtok with a NUL behind it, a line feed, or nothing.
 */
import { readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Conversation, Reply } from "../contracts/conversation.ts";
import { errnoOf } from "../core/fault.ts";
import { clean, toOpen, writeDevice } from "./device.ts";
import { Interruption } from "./interruption.ts";

/** Bytes that are read in all. */
export const INPUT_MAX = 4096;

/** How long to wait, in milliseconds, for a descriptor that somebody made non-blocking. */
const POLL = 10;

export interface StandardInputOptions {
  /**
   * Where info and error go: standard output is for data alone. An address to open goes to
   * standard error anyhow: without it there is no way on.
   */
  readonly say: "stderr" | "nowhere";
  /** The descriptor; 0 when absent. */
  readonly fd?: number;
}

export function standardInputConversation(options: StandardInputOptions): Conversation {
  const lines = new Lines(options.fd ?? 0);
  const interruption = new Interruption();
  const ask = async (): Promise<Reply> =>
    interruption.ended ?? interruption.note(await lines.next());
  const say = async (text: string): Promise<void> => {
    if (options.say === "stderr") writeDevice(2, `${clean(text)}\n`);
  };
  return {
    prompt: ask,
    promptSecret: ask,
    info: say,
    error: say,
    open: async (url) => writeDevice(2, toOpen(url)),
    waiting: (work) => interruption.waiting(work),
  };
}

/** Lines of a descriptor, within INPUT_MAX bytes. Nothing beyond the asked line is waited for. */
class Lines {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(INPUT_MAX);
  #from = 0;
  #to = 0;
  #isEnded = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async next(): Promise<Reply> {
    for (;;) {
      const feed = this.#buffer.subarray(0, this.#to).indexOf("\n", this.#from);
      if (feed >= 0) return this.#cut(feed, feed + 1);
      // What is longer is refused as a whole: cut off, it might be a valid code.
      if (this.#to === INPUT_MAX) return this.#refuse();
      if (this.#isEnded) break;
      await this.#fill();
    }
    return this.#from < this.#to ? this.#cut(this.#to, this.#to) : { kind: "end-of-input" };
  }

  async #fill(): Promise<void> {
    try {
      // Byte by byte: what follows the line is for the command that is become.
      const count = readSync(this.#fd, this.#buffer, this.#to, 1, null);
      if (count === 0) this.#isEnded = true;
      this.#to += count;
    } catch (error) {
      if (errnoOf(error) === "EAGAIN") await sleep(POLL);
      // Closed, a directory, a terminal that hung up: there is no answer to be had.
      else if (errnoOf(error) !== "EINTR") this.#isEnded = true;
    }
  }

  #cut(end: number, next: number): Reply {
    // What is not UTF-8 becomes U+FFFD, which is in no code. A NUL is taken off the end
    // alone: inside, it makes the answer malformed, as it should.
    const text = this.#buffer.toString("utf8", this.#from, end).replace(/\0?\r?$/, "");
    this.#buffer.fill(0, this.#from, end);
    this.#from = next;
    return { kind: "text", text };
  }

  #refuse(): Reply {
    this.#buffer.fill(0);
    this.#from = this.#to = 0;
    this.#isEnded = true;
    return { kind: "text", text: "\ufffd" };
  }
}
