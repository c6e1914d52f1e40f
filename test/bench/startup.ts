/**
 * What a login waits for: whole commands, next to the start of an empty Node script.
 *
 *   node_modules/.bin/node test/bench/startup.ts [ROUNDS]
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTurn, median, milliseconds, percentile, print, ratio, row } from "./measure.ts";
import { Trial } from "./trial.ts";

const ROUNDS = Number(process.argv[2] ?? 40);
const CLI = fileURLToPath(new URL("../../bin/countersign.js", import.meta.url));
const NODE = process.execPath;

const trial = new Trial();
try {
  const service = await trial.open();
  for (let user = 0; user < ROUNDS; user++) await trial.enroll(service, `user${user}`);
  await service.close();
  const empty = join(trial.home, "empty.mjs");
  writeFileSync(empty, "");

  const times = await inTurn(ROUNDS, {
    "empty Node script": () => run(NODE, [empty]),
    "verify --code-stdin (accept)": (round) =>
      run(CLI, ["verify", `user${round}`, "--code-stdin"], trial.code(`user${round}`, 1)),
    "--version": () => run(CLI, ["--version"]),
    "--help": () => run(CLI, ["--help"]),
    "enroll --help": () => run(CLI, ["enroll", "--help"]),
    "user list (through oclif)": () => run(CLI, ["user", "list"]),
  });
  report(times);
} finally {
  trial.remove();
}

function run(file: string, args: readonly string[], input = ""): void {
  const env = { PATH: process.env.PATH, COUNTERSIGN_HOME: trial.home };
  const { status } = spawnSync(file, args, { input, env, stdio: ["pipe", "ignore", "ignore"] });
  if (status !== 0) throw new Error(`${args.join(" ")}: exit status ${status}`);
}

function report(times: Map<string, number[]>): void {
  const bounds: Record<string, string> = {
    "verify --code-stdin (accept)": "at most 3 x",
    "--version": "at most 4 x",
    "--help": "at most 4 x",
    "enroll --help": "at most 4 x",
  };
  const base = median(times.get("empty Node script") ?? []);
  print(row(`${ROUNDS} runs each, in turn`, "p50", "p90", "to empty", "goal"));
  for (const [name, values] of times) {
    const middle = median(values);
    const tail = milliseconds(percentile(values, 0.9));
    print(row(name, milliseconds(middle), tail, ratio(middle, base), bounds[name] ?? ""));
  }
}
