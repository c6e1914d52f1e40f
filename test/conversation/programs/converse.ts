/** Plays a scene's script on this process's own mouth: `converse.ts MOUTH SCRIPT OUTCOMES [LIMIT]`. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Conversation } from "../../../src/contracts/conversation.ts";
import { terminalConversation } from "../../../src/terminal/prompt.ts";
import { standardInputConversation } from "../../../src/terminal/standard-input.ts";
import { streamConversation } from "../../../src/terminal/stream.ts";
import { play } from "../scene.ts";

const [mouth, script = "", outcomes = "", limit] = process.argv.slice(2);
const mouths: Readonly<Record<string, () => Conversation>> = {
  terminal: () => terminalConversation({ timeLimit: Number(limit) }),
  stdin: () => standardInputConversation({ say: "stderr" }),
  stream: () => streamConversation({ patience: Number(limit) }),
};
const conversation = mouths[mouth ?? ""]?.();
if (!conversation) throw new Error(`there is no mouth ${mouth}`);
const played = await play(JSON.parse(readFileSync(script, "utf8")), conversation);
writeFileSync(`${outcomes}.new`, JSON.stringify(played));
renameSync(`${outcomes}.new`, outcomes);
// The last that is seen of it, so that nobody looks at the screen too early.
if (mouth === "terminal") process.stdout.write("THE END\n");
