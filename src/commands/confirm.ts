/** Asks before what cannot be undone. */
import { Fault } from "../core/fault.ts";
import { terminalConversation } from "../terminal/prompt.ts";

/** @throws Fault `refused` unless the person says yes */
export async function confirm(question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  const reply = await terminalConversation().prompt(`${question} [y/N] `);
  if (reply.kind === "text" && /^y(es)?$/i.test(reply.text.trim())) return;
  throw new Fault("refused", "not confirmed: nothing was changed");
}
