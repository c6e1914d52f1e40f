/** Asks before what cannot be undone. */
import type { Reply } from "../contracts/conversation.ts";
import { Fault } from "../core/fault.ts";
import { terminalConversation } from "../terminal/prompt.ts";

/** @throws Fault `refused` unless the person says yes */
export async function confirm(question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  const reply = await ask(`${question} [y/N] `);
  if (reply.kind === "text" && /^y(es)?$/i.test(reply.text.trim())) return;
  throw unconfirmed();
}

/**
 * The same for what is gone for good: a word is not typed by mistake, as a y is.
 * @throws Fault `refused` unless the person types the word
 */
export async function confirmByWord(
  question: string,
  word: string,
  isAgreed: boolean,
): Promise<void> {
  if (isAgreed) return;
  const reply = await ask(question);
  if (reply.kind === "text" && reply.text.trim() === word) return;
  throw unconfirmed();
}

function unconfirmed(): Fault {
  return new Fault("refused", "not confirmed: nothing was changed");
}

async function ask(question: string): Promise<Reply> {
  try {
    return await terminalConversation().prompt(question);
  } catch (cause) {
    if (!(cause instanceof Fault && cause.code === "no-terminal")) throw cause;
    throw new Fault("no-terminal", "there is no terminal to confirm this on", {
      hint: "add --yes, if you are sure",
      cause,
    });
  }
}
