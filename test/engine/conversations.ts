/** Conversations of every kind: those that answer, and those that die. */
import type { Conversation, Ended, Reply } from "../../src/contracts/conversation.ts";

/** What was said to the person, as it was said. */
export interface Heard extends Conversation {
  readonly prompts: string[];
  readonly said: string[];
}

/** Gives these answers in turn, and is at its end after the last. */
export function answers(...texts: readonly string[]): Heard {
  const left = [...texts];
  return replying(async () => {
    const text = left.shift();
    return text === undefined ? { kind: "end-of-input" } : { kind: "text", text };
  });
}

export function replies(reply: Reply): Heard {
  return replying(async () => reply);
}

/** Answers by what is asked, and by what was said before it. */
export function answering(
  reply: (prompt: string, said: readonly string[]) => string | Ended["kind"],
): Heard {
  const heard: Heard = replying(async () => {
    const told = reply(heard.prompts.at(-1) ?? "", heard.said);
    const isEnd = told === "cancelled" || told === "end-of-input" || told === "timed-out";
    return isEnd ? { kind: told } : { kind: "text", text: told };
  });
  return heard;
}

/** Dies when it is asked. */
export function dying(error: Error): Heard {
  return replying(() => Promise.reject(error));
}

/** Is not expected to be asked anything. */
export const silence: Conversation = dying(new Error("nothing was to be asked"));

function replying(reply: () => Promise<Reply>): Heard {
  const [prompts, said]: [string[], string[]] = [[], []];
  const ask = (text: string): Promise<Reply> => {
    prompts.push(text);
    return reply();
  };
  const say = async (text: string): Promise<void> => {
    said.push(text);
  };
  const waiting: Conversation["waiting"] = (work) => work(new AbortController().signal);
  return {
    prompts,
    said,
    prompt: ask,
    promptSecret: ask,
    info: say,
    error: say,
    open: say,
    waiting,
  };
}
