/** What opens an encrypted file: never an argument, and never shown. */
import type { Reply } from "../../contracts/conversation.ts";
import { Fault } from "../../core/fault.ts";
import { terminalConversation } from "../../terminal/prompt.ts";
import { standardInputConversation } from "../../terminal/standard-input.ts";

/**
 * @param name "pre-shared key", with what the file calls it
 * @returns undefined where there is none
 * @throws Fault `no-terminal`, `refused` for who cancels
 */
export async function askForOpening(
  { kind, name }: { readonly kind: string; readonly name: string },
  fromStandardInput: boolean,
): Promise<string | undefined> {
  const what = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${name === "" ? "" : ` (${name})`}: `;
  const reply = fromStandardInput
    ? await standardInputConversation({ say: "nowhere" }).promptSecret(what)
    : await atTerminal(what, kind);
  if (reply.kind === "text") return reply.text;
  if (reply.kind === "cancelled") throw new Fault("refused", "cancelled: nothing was imported");
  return undefined;
}

async function atTerminal(question: string, kind: string): Promise<Reply> {
  try {
    return await terminalConversation().promptSecret(question);
  } catch (cause) {
    if (!(cause instanceof Fault && cause.code === "no-terminal")) throw cause;
    throw new Fault("no-terminal", `there is no terminal to ask for the ${kind} on`, {
      hint: "give it on standard input, with --secret-stdin",
      cause,
    });
  }
}
