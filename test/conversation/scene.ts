/** A scene: what the engine says and asks, and what came of it. Plain data, for any process. */
import type { Conversation, Reply } from "../../src/contracts/conversation.ts";

export type Step =
  | { readonly ask: "prompt" | "promptSecret"; readonly text: string }
  | { readonly say: "info" | "error" | "open"; readonly text: string }
  /** Says the text, and waits that many milliseconds for something else than an answer. */
  | { readonly wait: number; readonly text: string };

/** What the person does, once for each question and each wait that reaches them. */
export type Act =
  | { readonly answer: string }
  | "cancels"
  | "ends the input"
  | "hangs up"
  | "is silent"
  /** Their browser, at the address. */
  | `comes back to ${string}`;

export type Outcome = Reply | { readonly kind: "gone" } | { readonly kind: "waited" };

/** Plays the engine's part. */
export async function play(
  script: readonly Step[],
  conversation: Conversation,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of script) {
    if ("say" in step) await conversation[step.say](step.text);
    else if ("ask" in step) outcomes.push(await conversation[step.ask](step.text));
    else outcomes.push(await conversation.waiting((gone) => waitOrGone(conversation, step, gone)));
  }
  return outcomes;
}

async function waitOrGone(
  conversation: Conversation,
  { wait, text }: { readonly wait: number; readonly text: string },
  gone: AbortSignal,
): Promise<Outcome> {
  await conversation.info(text);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(resolve, wait, { kind: "waited" });
  const leave = (): void => resolve({ kind: "gone" });
  if (gone.aborted) leave();
  gone.addEventListener("abort", leave, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** The last word of a text: what is waited for to know that it was said. */
export function lastWord(text: string): string {
  return text.trimEnd().split(/\s/).at(-1) ?? "";
}
