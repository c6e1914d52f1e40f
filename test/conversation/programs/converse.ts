/** Plays a scene's script on this process's own mouth: `converse.ts terminal|stdin SCRIPT OUTCOMES`. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { terminalConversation } from "../../../src/terminal/prompt.ts";
import { standardInputConversation } from "../../../src/terminal/standard-input.ts";
import { play } from "../scene.ts";

const [mouth, script = "", outcomes = "", limit] = process.argv.slice(2);
const conversation =
  mouth === "terminal"
    ? terminalConversation({ timeLimit: Number(limit) })
    : standardInputConversation({ say: "stderr" });
const played = await play(JSON.parse(readFileSync(script, "utf8")), conversation);
writeFileSync(`${outcomes}.new`, JSON.stringify(played));
renameSync(`${outcomes}.new`, outcomes);
