/**
 * The machine's own files to play with: a private mount namespace, where /etc is a copy
 * and what else a system-wide installation writes to is empty. Nothing of it outlives the
 * test. Needs root and mount namespaces: `needs("root", "mount namespaces")`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ROOT } from "./cli.ts";
import { MINIMAL_ENV, type Run, type RunOptions, run, runOrThrow } from "./run.ts";

/** Empty in every sandbox. /tmp is not: tests hand files over there. */
const FRESH = ["/var/lib", "/var/log", "/var/spool", "/run", "/home", "/root", "/opt"];

/** The checkout inside, where every user can reach it, whoever owns the path above the real one. */
export const SANDBOX_CLI = "/opt/countersign/bin/countersign.js";

/**
 * $1 is an empty directory, $2 the checkout, the rest are the fresh ones. The checkout is
 * kept in sight where it lies in one of them, and is at /opt/countersign as well. `cat` holds the namespace: it ends when its
 * input does, so even a test that is killed leaves nothing behind.
 */
const HOLD = `
set -e
stage=$1 checkout=$2
shift 2
mount -t tmpfs -o mode=755 tmpfs "$stage"
cp -a /etc "$stage/etc"
mkdir "$stage/checkout"
mount --bind "$checkout" "$stage/checkout"
for path; do mount -t tmpfs -o mode="$(stat -c %a "$path")" tmpfs "$path"; done
for path in /opt/countersign "$checkout"; do
  if [ ! -e "$path/package.json" ]; then
    mkdir -p "$path"
    mount --bind "$stage/checkout" "$path"
  fi
done
mount --bind "$stage/etc" /etc
echo ready
exec cat
`;

export interface SandboxRunOptions extends Omit<RunOptions, "cwd"> {
  /** Login name to run as, with its groups; root when absent. */
  readonly user?: string;
}

export class Sandbox {
  readonly #holder: ChildProcess;
  readonly #stage: string;

  private constructor(holder: ChildProcess, stage: string) {
    this.#holder = holder;
    this.#stage = stage;
  }

  /** Opens one, closed when the test ends. */
  static async open(t: Pick<TestContext, "after">): Promise<Sandbox> {
    const stage = await mkdtemp(join(tmpdir(), "countersign-sandbox-"));
    const hold = ["sh", "-c", HOLD, "sandbox", stage, ROOT, ...FRESH];
    const holder = spawn("unshare", ["-m", "--propagation", "private", ...hold], {
      stdio: ["pipe", "pipe", "inherit"],
      env: MINIMAL_ENV,
    });
    const sandbox = new Sandbox(holder, stage);
    t.after(() => sandbox.close());
    await Promise.race([
      once(holder.stdout, "data"),
      once(holder, "exit").then(([code]) => {
        throw new Error(`the sandbox could not be set up (${code})`);
      }),
    ]);
    return sandbox;
  }

  /** The argument list that runs `argv` inside: for Terminal.start, or a spawn of one's own. */
  enter(argv: readonly string[], user?: string): string[] {
    const as = user ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "--"] : [];
    return ["nsenter", "-t", `${this.#holder.pid}`, "-m", "--", ...as, ...argv];
  }

  /** Runs a command inside, in the directory /. */
  run(argv: readonly string[], options: SandboxRunOptions = {}): Promise<Run> {
    return run(this.enter(argv, options.user), options);
  }

  /** Runs a shell script inside that has to succeed; what it printed. */
  async sh(script: string, options: SandboxRunOptions = {}): Promise<string> {
    const argv = this.enter(["sh", "-euc", script], options.user);
    return (await runOrThrow(argv, options)).stdout;
  }

  /** Adds a user with a home directory of its own. */
  async addUser(name: string): Promise<void> {
    await this.sh(`useradd --create-home --user-group --shell /bin/sh -- ${name}`);
  }

  /** Writes a PAM service: the text of /etc/pam.d/NAME. */
  async pamService(name: string, text: string): Promise<void> {
    await this.sh(`cat > /etc/pam.d/${name}`, { input: text });
  }

  /** A small file system at `path`, such as "64k", to be filled up. */
  async smallDisk(path: string, size: string): Promise<void> {
    await this.sh(`mkdir -p ${path} && mount -t tmpfs -o size=${size} tmpfs ${path}`);
  }

  /** Ends the namespace's holder; what still runs inside keeps it until it ends. */
  async close(): Promise<void> {
    if (this.#holder.exitCode === null) {
      const ended = once(this.#holder, "exit");
      this.#holder.stdin?.end();
      await ended;
    }
    await rm(this.#stage, { recursive: true, force: true });
  }
}
