/** Which conversation a command speaks: the terminal, or standard input where it was told so. */
import type { Conversation } from "../contracts/conversation.ts";
import { terminalConversation } from "../terminal/prompt.ts";
import { standardInputConversation } from "../terminal/standard-input.ts";

export function conversationFor(codeStdin: boolean): Conversation {
  return codeStdin
    ? standardInputConversation({ say: "nowhere" })
    : terminalConversation({ startsBrowser: true });
}
