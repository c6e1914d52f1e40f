/** Asks once at the terminal, and writes the reply to a file: `ask.ts shown|hidden FILE [LIMIT]`. */
import { writeFileSync } from "node:fs";
import { terminalConversation } from "../../../src/terminal/prompt.ts";

const [visibility, file = "", ...rest] = process.argv.slice(2);
const limit = Number(rest[0] ?? 0);
const conversation = terminalConversation({ timeLimit: limit > 0 ? limit : undefined });
writeFileSync(`${file}.pid`, `${process.pid}`);
if (rest.includes("throw")) {
  setTimeout(() => {
    throw new Error("thrown on purpose");
  }, 200);
}
const reply = await (visibility === "shown"
  ? conversation.prompt("Question: ")
  : conversation.promptSecret("Question: "));
writeFileSync(file, JSON.stringify(reply));
