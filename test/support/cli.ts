/** Runs the countersign command itself, as a child, in a home of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { MINIMAL_ENV, type Run, type RunOptions, run } from "./run.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
export const CLI = join(ROOT, "bin/countersign.js");

/** A new directory, removed when the test ends. */
export async function makeDirectory(t: Pick<TestContext, "after">): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "countersign-test-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A COUNTERSIGN_HOME and the environment that names it. */
export class Home {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(t: Pick<TestContext, "after">): Promise<Home> {
    return new Home(await makeDirectory(t));
  }

  get env(): Readonly<Record<string, string>> {
    return { ...MINIMAL_ENV, HOME: this.path, COUNTERSIGN_HOME: this.path };
  }

  /** `countersign ARGS`. What `options.env` names is added to this home's environment. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return run([CLI, ...args], { ...options, env: { ...this.env, ...options.env } });
  }

  /** The same command many times, all at once. */
  runAtOnce(count: number, args: readonly string[], options: RunOptions = {}): Promise<Run[]> {
    return Promise.all(Array.from({ length: count }, () => this.run(args, options)));
  }
}
