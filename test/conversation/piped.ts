/** Plays scenes on a process whose answers come down a pipe. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { until } from "../daemon/daemon.ts";
import { makeDirectory } from "../support/cli.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import type { Mouth } from "./contract.ts";
import { lastWord } from "./scene.ts";

const PROGRAM = fileURLToPath(new URL("programs/converse.ts", import.meta.url));

export function playPiped(mouth: "stdin" | "stream"): Mouth["play"] {
  return async (t, script, acts) => {
    const directory = await makeDirectory(t);
    const [scene, outcomes] = [join(directory, "script"), join(directory, "outcomes")];
    writeFileSync(scene, JSON.stringify(script));
    const child = spawn(process.execPath, [PROGRAM, mouth, scene, outcomes, "1000"], {
      env: MINIMAL_ENV,
    });
    t.after(() => child.kill("SIGKILL"));
    child.stdin.on("error", () => undefined);
    const ended = once(child, "exit");
    const rest = text(child.stdout);
    let saw = "";
    child.stderr.on("data", (bytes) => {
      saw += bytes;
    });
    const met = script.filter((step) => !("say" in step));
    for (const [index, act] of acts.entries()) {
      if (typeof act !== "string") child.stdin.write(`${act.answer}\n`);
      else if (act === "ends the input") child.stdin.end();
      else if (act !== "is silent") {
        await until(() => saw.includes(lastWord(met[index]?.text ?? "")));
        child.kill(act === "cancels" ? "SIGINT" : "SIGHUP");
      }
    }
    await until(() => existsSync(outcomes));
    child.stdin.end();
    await Promise.all([ended, rest]);
    return { outcomes: JSON.parse(readFileSync(outcomes, "utf8")), saw, shown: [] };
  };
}
