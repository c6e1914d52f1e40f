/** The socket: the daemon's connection, and the command's side of it with a person behind. */

import { openerOf } from "../../src/client/daemon-socket.ts";
import { countersignOver } from "../../src/client/over-socket.ts";
import type { Conversation, Reply } from "../../src/contracts/conversation.ts";
import { conversationContract } from "./contract.ts";
import type { Act } from "./scene.ts";
import { serveScene } from "./served.ts";

/** Milliseconds that the daemon waits for an answer. */
const IDLE = 1_000;

conversationContract({
  name: "socket",
  needs: {},
  lacks: {
    "listens for the browser": "the mouth at its end listens",
    "cleans texts":
      "it hands them on as they are; the mouth at its end shows them, and cleans them",
    "takes control characters as keys": "there are no keys",
  },
  longestQuestion: 1_000,
  async play(t, script, acts) {
    const { path, outcomes } = await serveScene(t, script, IDLE);
    const person = new Person(acts);
    // A person who hangs up ends the call as well.
    const verified = countersignOver(openerOf(path))
      .verify("alice", {}, person)
      .catch(() => undefined);
    const played = await outcomes;
    person.leave();
    await verified;
    return { outcomes: played, saw: person.saw.join("\n"), shown: person.shown };
  },
});

/** Does one act for each question, and for each text that is said while it waits. */
class Person implements Conversation {
  readonly saw: string[] = [];
  readonly shown: boolean[] = [];
  readonly #acts: Act[];
  readonly #gone = new AbortController();
  readonly #left = Promise.withResolvers<Reply>();

  constructor(acts: readonly Act[]) {
    this.#acts = [...acts];
  }

  prompt(text: string): Promise<Reply> {
    return this.#answer(text, true);
  }

  promptSecret(text: string): Promise<Reply> {
    return this.#answer(text, false);
  }

  async info(text: string): Promise<void> {
    this.saw.push(text);
    if (text !== "patience") return;
    const act = this.#acts.shift();
    if (act === "hangs up") throw new Error("the terminal is gone");
    if (act === "cancels") setTimeout(() => this.#gone.abort(), 50);
  }

  async error(text: string): Promise<void> {
    this.saw.push(text);
  }

  async open(url: string): Promise<void> {
    this.saw.push(url);
  }

  waiting<T>(work: (gone: AbortSignal) => Promise<T>): Promise<T> {
    return work(this.#gone.signal);
  }

  /** No longer silent, when it matters no more. */
  leave(): void {
    this.#left.resolve({ kind: "end-of-input" });
  }

  async #answer(text: string, isShown: boolean): Promise<Reply> {
    this.saw.push(text);
    const act = this.#acts.shift();
    if (act === "cancels") return { kind: "cancelled" };
    if (act === "ends the input") return { kind: "end-of-input" };
    if (act === undefined || typeof act === "string") return this.#left.promise;
    this.shown.push(isShown);
    return { kind: "text", text: act.answer };
  }
}
