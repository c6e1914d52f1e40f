/** The terminal: a real one, whose bytes are recorded on their way to the screen. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../daemon/daemon.ts";
import { makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { Terminal } from "../support/terminal.ts";
import { conversationContract } from "./contract.ts";
import { type Act, lastWord } from "./scene.ts";

const PROGRAM = fileURLToPath(new URL("programs/converse.ts", import.meta.url));
/** Milliseconds that a question waits: longer than a person takes who types at once. */
const LIMIT = 4_000;

conversationContract({
  name: "terminal",
  needs: needs("tmux"),
  lacks: {},
  longestQuestion: 1_000,
  async play(t, script, acts) {
    const directory = await makeDirectory(t);
    const file = (name: string): string => join(directory, name);
    writeFileSync(file("script"), JSON.stringify(script));
    const argv = [process.execPath, PROGRAM, "terminal", file("script"), file("outcomes")];
    const record = file("screen");
    const terminal = await Terminal.start(t, [...argv, `${LIMIT}`], { record });
    const saw = (): string => (existsSync(record) ? readFileSync(record, "utf8") : "");
    const isOver = (): boolean => existsSync(file("outcomes"));

    const shown: boolean[] = [];
    const met = script.filter((step) => !("say" in step));
    for (const [index, act] of acts.entries()) {
      await until(() => isOver() || saw().includes(lastWord(met[index]?.text ?? "")));
      await perform(terminal, act);
      if (typeof act === "string") continue;
      await terminal.press("Enter");
      const next = met[index + 1];
      await until(() => isOver() || (next !== undefined && saw().includes(lastWord(next.text))));
      shown.push(saw().includes(act.answer));
    }
    await until(() => isOver() && (acts.includes("hangs up") || saw().includes("THE END")));
    return {
      outcomes: JSON.parse(readFileSync(file("outcomes"), "utf8")),
      saw: saw(),
      shown,
    };
  },
});

async function perform(terminal: Terminal, act: Act): Promise<void> {
  if (act === "cancels") await terminal.press("C-c");
  else if (act === "ends the input") await terminal.press("C-d");
  else if (act === "hangs up") await terminal.close();
  else if (typeof act === "string" && act.startsWith("comes back to "))
    assert.equal((await fetch(act.slice("comes back to ".length))).status, 200);
  else if (typeof act !== "string" && act.answer !== "") await terminal.type(act.answer);
}
