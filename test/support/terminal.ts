/** A real terminal: tmux, on a socket of its own, holding one command. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MINIMAL_ENV, run, runOrThrow } from "./run.ts";

export interface TerminalOptions {
  /** The whole environment; the minimal one when absent. TERM is the terminal's to set. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
  /** File that takes the bytes written to the terminal, escape sequences and all. */
  readonly record?: string;
}

/** How long the screen is waited for in all, in milliseconds. */
const PATIENCE = 15_000;

/** Milliseconds until the next look: each is a program, so the longer it takes the fewer are taken. */
function pause(waited: number): number {
  return Math.min(Math.max(25, waited / 4), 200);
}

export class Terminal {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a command, given as a list, never through a shell. Killed when the test ends. */
  static async start(
    t: Pick<TestContext, "after">,
    argv: readonly string[],
    options: TerminalOptions = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(await mkdtemp(join(tmpdir(), "countersign-terminal-")));
    t.after(() => terminal.close());
    const { columns = 80, rows = 24, cwd = "/" } = options;
    const settings = [
      ["start-server"],
      ["set-option", "-g", "status", "off"],
      ["set-option", "-g", "default-terminal", "screen-256color"],
      // The last screen stays to be read.
      ["set-option", "-g", "remain-on-exit", "on"],
      ["set-option", "-g", "remain-on-exit-format", ""],
    ].flatMap((command) => [...command, ";"]);
    // Of a pane without a pipe tmux drops what a command writes at its very end, now and then.
    const record = [";", "pipe-pane", "-O", `exec cat > '${options.record ?? "/dev/null"}'`];
    const session = ["new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "-c", cwd];
    // With a single word tmux would ask a shell; `env` makes it two.
    await runOrThrow(
      [...terminal.#server, ...settings, ...session, "--", "env", ...argv, ...record],
      {
        env: options.env ?? MINIMAL_ENV,
      },
    );
    return terminal;
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses keys by tmux's names: "Enter", "C-c", "C-d", "Up" … */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Types text and presses Enter. */
  async enter(text: string): Promise<void> {
    await this.type(text);
    await this.press("Enter");
  }

  /** What is on the screen, with the lines that scrolled off when `history` is set. */
  screen({ history = false } = {}): Promise<string> {
    return this.#tmux("capture-pane", "-p", ...(history ? ["-S", "-"] : []));
  }

  /** The same, with the escape sequences of its colours. */
  screenInColour(): Promise<string> {
    return this.#tmux("capture-pane", "-p", "-e");
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** Waits until the screen shows it, and returns that screen. */
  async shows(wanted: string | RegExp, patience = PATIENCE): Promise<string> {
    const begun = Date.now();
    for (;;) {
      const screen = await this.screen();
      // tmux drops the blanks at the end of a line, such as a prompt's.
      const found =
        typeof wanted === "string" ? screen.includes(wanted.trimEnd()) : wanted.test(screen);
      if (found) return screen;
      const waited = Date.now() - begun;
      if (waited > patience) throw new Error(`the screen never showed ${wanted}:\n${screen}`);
      await sleep(pause(waited));
    }
  }

  /** Ends the terminal and what runs in it. */
  async close(): Promise<void> {
    await run([...this.#server, "kill-server"]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #server(): string[] {
    return ["tmux", "-u", "-S", join(this.#folder, "socket"), "-f", "/dev/null"];
  }

  async #tmux(...command: readonly string[]): Promise<string> {
    return (await runOrThrow([...this.#server, ...command])).stdout;
  }
}
