/** A conversation whose first question is answered already: by the command that was typed. */
import type { Conversation, Reply } from "../contracts/conversation.ts";
import { Fault } from "../core/fault.ts";

/** An answer that asks for a challenge. */
export interface FirstAnswer {
  /** Such as `push2`. */
  readonly text: string;
  /** What the prompt offers where the method is on. */
  readonly word: "push" | "browser";
}

const METHODS = { push: "duo-push", browser: "duo-prompt" } as const;

/**
 * Answers the first question, and leaves the others to the person. Where the prompt does not
 * offer the word, the answer would only be counted as a failed attempt: it is not given.
 */
export function answering({ text, word }: FirstAnswer, person: Conversation): Conversation {
  let isAnswered = false;
  return {
    ...person,
    prompt: (question) => orEnd(() => person.prompt(question)),
    promptSecret: async (question) => {
      if (isAnswered) return orEnd(() => person.promptSecret(question));
      isAnswered = true;
      if (!new RegExp(`\\(or .*\\b${word}\\b`).test(question)) throw notSetUp(METHODS[word]);
      return { kind: "text", text };
    },
  };
}

/** A push needs no terminal; where more is asked, its absence is an answer that never comes. */
async function orEnd(ask: () => Promise<Reply>): Promise<Reply> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault && error.code === "no-terminal") return { kind: "end-of-input" };
    throw error;
  }
}

function notSetUp(method: string): Fault {
  return new Fault("usage", `${method}: it is not set up, or it is off`, {
    hint: "countersign method list",
  });
}
