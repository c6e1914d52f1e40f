/** A conversation whose first question is answered already: the rest is the person's. */
import type { Conversation, Reply } from "../../contracts/conversation.ts";
import { Fault } from "../../core/fault.ts";

/**
 * @param word the prompt must offer it: else the method it stands for is not set up here, and
 * the answer would only be counted as a failed attempt
 */
export function answeringFirst(answer: string, word: string, person: Conversation): Conversation {
  let isAnswered = false;
  return {
    ...person,
    prompt: (text) => orEnd(() => person.prompt(text)),
    promptSecret: async (text) => {
      if (isAnswered) return orEnd(() => person.promptSecret(text));
      isAnswered = true;
      if (!new RegExp(`\\(or .*\\b${word}\\b`).test(text)) throw notSetUp();
      return { kind: "text", text: answer };
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

function notSetUp(): Fault {
  return new Fault("usage", "duo-push: it is not set up", {
    hint: "countersign duo configure duo-push",
  });
}
