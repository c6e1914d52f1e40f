/** PAM: the module, built and loaded by libpam, between the daemon's connection and a host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../daemon/daemon.ts";
import { builtModule, MODULE } from "../pam/module.ts";
import { makeDirectory } from "../support/cli.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { conversationContract } from "./contract.ts";
import { type Act, lastWord } from "./scene.ts";
import { serveScene } from "./served.ts";

/** Milliseconds that the daemon waits: the module's own limit comes first. */
const IDLE = 30_000;

conversationContract({
  name: "PAM",
  needs: MODULE,
  lacks: {
    "listens for the browser": "C that speaks to the daemon and the host alone",
    "takes control characters as keys": "the host has read the line already",
  },
  // PAM_MAX_MSG_SIZE, less a NUL.
  longestQuestion: 510,
  async play(t, script, acts) {
    const { path, outcomes } = await serveScene(t, script, IDLE);
    const out = await builtModule();
    const directory = await makeDirectory(t);
    const met = script.filter((step) => !("say" in step));
    const answers = acts.filter((_, index) => "ask" in (met[index] ?? {}));
    const limit = answers.includes("is silent") ? 1 : 30;
    const module = join(out, "pam_countersign_asan.so");
    const line = `auth required ${module} socket=${path} verifier=/nonexistent timeout=${limit}`;
    writeFileSync(join(directory, "test"), `${line}\n`);
    const argv = [directory, "test", "alice"];
    const child = spawn(join(out, "harness_asan"), argv, { env: MINIMAL_ENV });
    t.after(() => child.kill("SIGKILL"));
    const ended = once(child, "exit");
    child.stdin.end(answers.map(typed).join(""));
    let saw = "";
    child.stdout.on("data", (bytes) => {
      saw += bytes;
    });
    for (const [index, act] of acts.entries()) {
      const step = met[index];
      if (step === undefined || !("wait" in step) || act === "is silent") continue;
      await until(() => saw.includes(lastWord(step.text)));
      child.kill(act === "cancels" ? "SIGINT" : "SIGKILL");
    }
    const played = await outcomes;
    await ended;
    const [said = ""] = saw.split(/^returned /m);
    const shown = [...said.matchAll(/^(secret|shown) /gm)].map(([, kind]) => kind === "shown");
    return { outcomes: played, saw: said.replace(/^(secret|shown|info|error) /gm, ""), shown };
  },
});

/** A line of the harness: bytes that are not plain are escaped. */
function typed(act: Act): string {
  if (act === "cancels") return "\\fail\n";
  if (act === "ends the input") return "\\null\n";
  // Nobody can be interrupted in the host's own prompt: what comes late counts as silence.
  if (typeof act === "string") return "\\late\n";
  const bytes = [...Buffer.from(act.answer)];
  const escaped = bytes.map((byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `${escaped.join("")}\n`;
}
