/** The secret of an application: never an argument, and never shown. */
import type { Reply } from "../../contracts/conversation.ts";
import { Fault } from "../../core/fault.ts";
import { terminalConversation } from "../../terminal/prompt.ts";
import { standardInputConversation } from "../../terminal/standard-input.ts";

/**
 * @param name "secret key"
 * @param source where it is found
 * @throws Fault `refused` when there is none to be had, `no-terminal`
 */
export async function askForSecret(
  name: string,
  fromStandardInput: boolean,
  source = `copy the ${name} from the application in Duo's Admin Panel`,
): Promise<string> {
  const question = `${name.charAt(0).toUpperCase()}${name.slice(1)}: `;
  const reply = fromStandardInput
    ? await standardInputConversation({ say: "nowhere" }).promptSecret(question)
    : await atTerminal(question);
  if (reply.kind === "text") return reply.text;
  if (reply.kind === "cancelled") throw new Fault("refused", "cancelled: nothing was changed");
  throw new Fault("refused", `there was no ${name}: nothing was changed`, { hint: source });
}

/**
 * What is too much may be a secret: it is not repeated.
 * @param takes what the command does take
 * @throws Fault `usage`
 */
export function demandNoMore(command: string, takes: string, rest: readonly string[]): void {
  const flag = rest.find((word) => word.startsWith("-"))?.split("=")[0];
  if (rest.length === 0) return;
  const what = flag === undefined ? takes : `no flag ${flag}`;
  throw new Fault("usage", `${command} takes ${what}; secrets are never arguments`, {
    hint: `countersign help ${command}`,
  });
}

async function atTerminal(question: string): Promise<Reply> {
  try {
    return await terminalConversation().promptSecret(question);
  } catch (cause) {
    if (!(cause instanceof Fault && cause.code === "no-terminal")) throw cause;
    throw new Fault("no-terminal", "there is no terminal to ask for the secret on", {
      hint: "give it on standard input, with --secret-stdin",
      cause,
    });
  }
}
