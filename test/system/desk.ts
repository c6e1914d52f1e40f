/**
 * A person at the terminal with a phone in their hand: a shell that knows `countersign`, a
 * reader that looks at the screen, and an app that computes what was scanned.
 */
import assert from "node:assert/strict";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Phone } from "../commands/enrolled.ts";
import { CLI, Home, makeDirectory } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { PATH, run, runOrThrow } from "../support/run.ts";
import { paint, readScreen, THEMES } from "../support/screen.ts";
import { Terminal } from "../support/terminal.ts";

export const DESK = needs("tmux", "zbarimg", "oathtool");

/** The shell; first it notes how its terminal is reached, and how it is set. */
const SHELL = 'printf %s "$TMUX" > "$1/socket"; stty -a > "$1/stty"; exec sh';

export interface DeskOptions {
  readonly rows?: number;
}

export class Desk {
  readonly home: Home;
  readonly terminal: Terminal;
  readonly #desk: string;
  readonly #rows: number;
  /** How many commands were typed. */
  #turn = 0;

  private constructor(home: Home, terminal: Terminal, desk: string, rows: number) {
    this.home = home;
    this.terminal = terminal;
    this.#desk = desk;
    this.#rows = rows;
  }

  static async open(t: TestContext, { rows = 24 }: DeskOptions = {}): Promise<Desk> {
    const home = await Home.make(t);
    const desk = await makeDirectory(t);
    await symlink(CLI, join(desk, "countersign"));
    const env = { ...home.env, PATH: `${desk}:${PATH}`, PS1: "$ ", ENV: "" };
    const terminal = await Terminal.start(t, ["sh", "-c", SHELL, "sh", desk], { env, rows });
    await terminal.shows(/^[$#]/m);
    return new Desk(home, terminal, desk, rows);
  }

  /** Types a command, and waits for the empty screen that it begins on. */
  async type(command: string): Promise<void> {
    const last = this.#turn++;
    await this.terminal.enter(`clear; ${command}; echo "ended ${this.#turn}: $?"`);
    // The screen as a whole, so that no prompt of the last command is taken for the next one.
    await this.terminal.shows(new RegExp(`(?<![^])(?![^]*^ended ${last}:)`, "m"));
  }

  /** The command's exit status, and the screen it left. */
  async ended(): Promise<{ status: number; screen: string }> {
    const end = new RegExp(`^ended ${this.#turn}: (\\d+)$`, "m");
    const screen = await this.terminal.shows(end);
    return { status: Number(end.exec(screen)?.[1]), screen };
  }

  /** What a phone's reader sees of the screen under a theme; empty when it sees no code. */
  async scan(theme: string): Promise<string> {
    const look = THEMES[theme];
    assert.ok(look, theme);
    const [socket = ""] = (await readFile(join(this.#desk, "socket"), "utf8")).split(",");
    // With the blanks at the ends of lines: the margin of the code is made of them.
    const capture = ["tmux", "-S", socket, "capture-pane", "-p", "-e", "-N"];
    const { stdout } = await runOrThrow(capture);
    const file = join(this.#desk, "screen.png");
    const size = { columns: 80, rows: this.#rows };
    await writeFile(file, paint(readScreen(stdout.trimEnd(), look), size, look));
    return readCode(file);
  }

  /** Begins an enrollment; the app that scanned it. */
  async enroll(args = "", theme = "dark"): Promise<{ uri: URL; phone: Phone }> {
    await this.type(`countersign enroll al --issuer ex ${args}`);
    await this.terminal.shows(PROMPT);
    const uri = new URL(await this.scan(theme));
    return { uri, phone: new Phone(uri.searchParams.get("secret") ?? "") };
  }

  /** The terminal's settings are those that the shell began with. */
  async isSane(): Promise<boolean> {
    const now = join(this.#desk, "stty-now");
    await this.type(`stty -a > ${now}`);
    await this.ended();
    return (await readFile(now, "utf8")) === (await readFile(join(this.#desk, "stty"), "utf8"));
  }

  /** What the store holds of users. */
  async users(): Promise<{ user: string; status: string; methods: object[] }[]> {
    return JSON.parse((await this.home.run(["user", "list", "--json"])).stdout);
  }
}

export const PROMPT = "Code from the app:";

/** What the reader sees on a picture; empty when it sees no code. */
export async function readCode(file: string): Promise<string> {
  const { stdout } = await run(["zbarimg", "--quiet", "--raw", "--nodbus", file]);
  return stdout.trimEnd();
}
