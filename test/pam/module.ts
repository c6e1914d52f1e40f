/** The module itself, compiled once, and an application of PAM that loads it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeDirectory, ROOT } from "../support/cli.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV, run, runOrThrow } from "../support/run.ts";

export const MODULE = needs("root", "make", "gcc", "libpam0g-dev");

export const SOURCES = join(ROOT, "src/pam");

/** PAM's return codes, _pam_types.h. */
export const PAM = {
  success: 0,
  serviceError: 3,
  permissionDenied: 6,
  authError: 7,
  unavailable: 9,
  maxTries: 11,
} as const;

let built: Promise<string> | undefined;

/** Directory with the module, its sanitized twin, the harness and the fuzzer. */
export function builtModule(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  // test/run has built it for all files: what a file built itself is the same.
  const shared = process.env.TEST_PAM_MODULE;
  if (shared !== undefined) return shared;
  const out = mkdtempSync(join(tmpdir(), "countersign-pam-"));
  process.on("exit", () => rmSync(out, { recursive: true, force: true }));
  await make(out, "all", "asan", "test");
  return out;
}

export async function make(out: string, ...targets: string[]): Promise<void> {
  await runOrThrow(["make", "-C", SOURCES, `OUT=${out}`, ...targets], { timeout: 120_000 });
}

/** What the harness saw. */
export interface Session {
  /** Kind and text of every message, as `secret Verification code: `. */
  readonly said: readonly string[];
  readonly returned: readonly number[];
  readonly setcred: readonly number[];
  /** Open before and after. */
  readonly descriptors: readonly [number, number];
  /** SIGCHLDs that the application got. */
  readonly children: number;
}

export interface HarnessOptions {
  readonly user?: string;
  readonly answers?: readonly string[];
  /** name=value of the harness. */
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** With sanitizers in module and application; so it is unless told otherwise. */
  readonly sanitized?: boolean;
  readonly timeout?: number;
}

/** A directory of PAM services of a test's own: nothing of /etc is touched. */
export class Services {
  readonly path: string;
  readonly #out: string;

  private constructor(path: string, out: string) {
    this.path = path;
    this.#out = out;
  }

  static async make(t: Pick<TestContext, "after">): Promise<Services> {
    const out = await builtModule();
    const path = join(await makeDirectory(t), "pam.d");
    await mkdir(path);
    return new Services(path, out);
  }

  /** Runs a login to a stack, in which MODULE stands for the module. */
  async login(stack: string, login: HarnessOptions = {}): Promise<Session> {
    const { user = "alice", answers = [], options = [], sanitized = true } = login;
    const kind = sanitized ? "_asan" : "";
    const path = join(this.#out, `pam_countersign${kind}.so`);
    await writeFile(join(this.path, "test"), `${stack.replaceAll("MODULE", path)}\n`);
    const argv = [join(this.#out, `harness${kind}`), this.path, "test", user, ...options];
    const ended = await run(argv, {
      input: answers.map((answer) => `${answer}\n`).join(""),
      env: { ...MINIMAL_ENV, ...login.env },
      timeout: login.timeout ?? 60_000,
    });
    assert.equal(ended.code, 0, `${ended.signal}\n${ended.stdout}${ended.stderr}`);
    return parseSession(ended.stdout);
  }

  /** What the module alone returns. */
  async returned(args: string, login?: HarnessOptions): Promise<number> {
    const session = await this.login(`auth required MODULE ${args}`, login);
    return session.returned[0] ?? -1;
  }
}

export function parseSession(stdout: string): Session {
  const lines = stdout.split("\n");
  const numbers = (name: string): number[][] =>
    lines
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.split(" ").slice(1).map(Number));
  const [before = -1, after = -1] = numbers("descriptors")[0] ?? [];
  return {
    said: lines.filter((line) => /^(secret|shown|info|error) /.test(line)),
    returned: numbers("returned").map(([code = -1]) => code),
    setcred: numbers("setcred").map(([code = -1]) => code),
    descriptors: [before, after],
    children: numbers("children")[0]?.[0] ?? -1,
  };
}
