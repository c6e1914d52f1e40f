/** Asks twice on standard input, and prints both replies as JSON. */
import { standardInputConversation } from "../../../src/terminal/standard-input.ts";

const conversation = standardInputConversation({ say: "stderr" });
const first = await conversation.promptSecret("Verification code: ");
await conversation.error("said\u001b[2J so");
const second = await conversation.prompt("Again: ");
process.stdout.write(JSON.stringify([first, second]));
