/**
 * A running daemon under strace: stopped exactly where a login is to be cut short, or with a
 * disk that fails. Detached, it goes on as if nothing had been.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeDirectory } from "../support/cli.ts";
import { until } from "./daemon.ts";

export class Traced {
  readonly #strace: ChildProcess;
  readonly #log: string;

  private constructor(strace: ChildProcess, log: string) {
    this.#strace = strace;
    this.#log = log;
  }

  /**
   * @param calls system calls to watch, by name
   * @param injection as strace's `inject=` takes it; none to watch alone
   */
  static async attach(
    t: Pick<TestContext, "after">,
    pid: number,
    calls: string,
    injection?: string,
  ): Promise<Traced> {
    const log = join(await makeDirectory(t), "calls");
    const inject = injection === undefined ? [] : ["-e", `inject=${calls}:${injection}`];
    const argv = ["-f", "-s", "64", "-o", log, "-e", `trace=${calls}`, ...inject, "-p", `${pid}`];
    const strace = spawn("strace", argv, { stdio: ["ignore", "ignore", "pipe"] });
    const traced = new Traced(strace, log);
    t.after(() => traced.detach());
    let said = "";
    strace.stderr?.on("data", (bytes) => {
      said += bytes;
    });
    await until(() => said.includes("attached"));
    return traced;
  }

  /** Waits until a watched call with these words in it was made. */
  async sees(words: string): Promise<void> {
    await until(() => readFileSync(this.#log, "latin1").includes(words));
  }

  /** Waits until `signal=SIGSTOP` has stopped the daemon: the call is done by then. */
  isStopped(): Promise<void> {
    return this.sees("--- stopped by SIGSTOP ---");
  }

  async detach(): Promise<void> {
    if (this.#strace.exitCode !== null || this.#strace.signalCode !== null) return;
    const ended = once(this.#strace, "exit");
    if (this.#strace.kill("SIGINT")) await ended;
  }
}
