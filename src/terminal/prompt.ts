/** A conversation at the terminal: it asks on /dev/tty, whatever standard output is. */
import { closeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { ReadStream } from "node:tty";
import type { Conversation, Reply } from "../contracts/conversation.ts";
import { printable } from "../core/printable.ts";
import { clean, openDevice, print, writeDevice } from "./device.ts";
import { Echo } from "./echo.ts";
import { Interruption } from "./interruption.ts";
import { LineEditor, type LineEnd } from "./line-editor.ts";
import { terminalSize } from "./properties.ts";
import { restoring } from "./restore.ts";
import { Spinner } from "./spinner.ts";
import type { ListeningWayBack } from "./way-back.ts";

export interface PromptOptions {
  /** How long a question waits for its answer, in milliseconds; without end when absent. */
  readonly timeLimit?: number | undefined;
  /**
   * True where a browser may be started: never for somebody who is let in by what comes of it,
   * since it runs what its user's settings name.
   */
  readonly startsBrowser?: boolean;
}

/**
 * The conversation. Nothing is opened before the first question, and nothing stays open
 * after it. `prompt` and `promptSecret` reject with Fault `no-terminal`; `info` and `error`
 * go to standard error where there is no terminal.
 */
export function terminalConversation(options: PromptOptions = {}): Conversation {
  // Typed ahead, after the line that answered: the next question's, as in a plain terminal.
  let typedAhead = "";
  const interruption = new Interruption();
  const spinner = new Spinner();
  let wayBack: ListeningWayBack | undefined;
  const ask = async (text: string, isShown: boolean): Promise<Reply> => {
    spinner.tell(false);
    const elsewhere = isShown ? wayBack?.reply : undefined;
    const { reply, rest } = interruption.ended
      ? { reply: interruption.ended, rest: "" }
      : await new Question(text, isShown).read(typedAhead, options.timeLimit, elsewhere);
    typedAhead = rest;
    // After a slip of the pen the browser may come yet.
    if (reply.kind !== "text" || wayBack?.isAnswer(reply.text)) await leaveWayBack();
    return interruption.note(reply);
  };
  const leaveWayBack = async (): Promise<void> => {
    const left = wayBack;
    wayBack = undefined;
    await left?.close();
  };
  const say = async (text: string): Promise<void> => {
    spinner.hide();
    print(`${clean(text)}\n`);
  };
  return {
    prompt: (text) => ask(text, true),
    promptSecret: (text) => ask(text, false),
    info: async (text) => {
      await say(text);
      spinner.tell(true);
    },
    error: say,
    open: async (url) => {
      spinner.hide();
      await leaveWayBack();
      // Loaded here alone: a login by a code shall not wait for Node's HTTP.
      const { showAddress } = await import("./address.ts");
      wayBack = await showAddress(url, options.startsBrowser === true);
    },
    waiting: (work) => interruption.waiting((gone) => spinner.during(() => work(gone))),
  };
}

interface Answer {
  readonly reply: Reply;
  readonly rest: string;
}

/** One question: the descriptors it holds, and the line being typed. */
class Question {
  readonly #text: string;
  readonly #output: number;
  readonly #input: ReadStream;
  readonly #echo: Echo | undefined = undefined;
  readonly #editor = new LineEditor();

  constructor(text: string, isShown: boolean) {
    this.#text = clean(text);
    // Two descriptors: the one that is read from does not block, and half-written text
    // would be the price of writing to it.
    const descriptor = openDevice("read");
    try {
      this.#output = openDevice("write");
      this.#input = new ReadStream(descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    if (isShown) this.#echo = new Echo(this.#output, this.#text, terminalSize()?.columns ?? 80);
  }

  /** @param elsewhere what answers in place of the person, if it comes before they do */
  read(
    typedAhead: string,
    timeLimit: number | undefined,
    elsewhere: Promise<Reply> | undefined,
  ): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const input = this.#input;
    const release = restoring(() => input.setRawMode(false));
    const stop = new AbortController();
    const settle = (reply: Reply, rest = ""): void => {
      if (stop.signal.aborted) return;
      stop.abort();
      this.#end(release);
      resolve({ reply, rest });
    };
    const take = (typed: string): void => {
      const end = this.#editor.take(typed);
      this.#echo?.show(printable(this.#editor.text, Number.POSITIVE_INFINITY));
      if (end) settle(this.#replyOf(end), end.kind === "entered" ? end.rest : "");
    };
    this.#listen(take, settle, stop.signal, timeLimit);
    // Echo goes off before the question stands there: who answers at once is not shown.
    input.setRawMode(true);
    writeDevice(this.#output, this.#text);
    if (typedAhead !== "") take(typedAhead);
    void elsewhere?.then((reply) => settle(reply));
    return promise;
  }

  #listen(
    take: (typed: string) => void,
    settle: (reply: Reply) => void,
    stop: AbortSignal,
    timeLimit: number | undefined,
  ): void {
    const decoder = new StringDecoder("utf8");
    const input = this.#input;
    const hangUp = (): void => {
      // Closing it ourselves is no hang-up.
      if (stop.aborted) return;
      // A hang-up comes as several signals: the later ones must not kill what records it.
      process.off("SIGHUP", ignore).on("SIGHUP", ignore);
      settle({ kind: "end-of-input" });
    };
    // The shell has had the terminal meanwhile (SIGSTOP, fg) and left its own settings.
    const onContinue = (): void => {
      input.setRawMode(false).setRawMode(true);
      writeDevice(this.#output, `\r${this.#text}`);
      this.#echo?.again();
    };
    input.on("data", (bytes) => take(decoder.write(bytes as Buffer)));
    // A read error means that the terminal is gone: EIO after a hang-up.
    for (const event of ["end", "close", "error"]) input.on(event, hangUp);
    // Typed, Ctrl-C is a key here; sent by another process, it is this signal.
    const onInterrupt = (): void => settle({ kind: "cancelled" });
    process.on("SIGINT", onInterrupt);
    process.on("SIGHUP", hangUp);
    process.on("SIGCONT", onContinue);
    const timer =
      timeLimit === undefined ? undefined : setTimeout(settle, timeLimit, { kind: "timed-out" });
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      process.off("SIGINT", onInterrupt);
      process.off("SIGHUP", hangUp);
      process.off("SIGCONT", onContinue);
    });
  }

  #replyOf(end: LineEnd): Reply {
    return end.kind === "entered" ? { kind: "text", text: this.#editor.text } : { kind: end.kind };
  }

  /** Gives the terminal back, on a line of its own. */
  #end(release: () => void): void {
    release();
    writeDevice(this.#output, "\n");
    this.#input.removeAllListeners("data");
    this.#input.destroy();
    closeSync(this.#output);
  }
}

function ignore(): void {}
