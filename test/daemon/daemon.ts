/** countersignd itself, as a child in a home of its own, ended when the test is. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { enrolledHome } from "../commands/enrolled.ts";
import { ROOT } from "../support/cli.ts";
import { Peer } from "./peer.ts";

export const DAEMON = join(ROOT, "bin/countersignd.js");

/** Milliseconds until a test gives up waiting. */
const PATIENCE = 15_000;

export class Daemon {
  readonly child: ChildProcess;
  readonly socket: string;
  log = "";

  private constructor(child: ChildProcess, socket: string) {
    this.child = child;
    this.socket = socket;
    child.stderr?.on("data", (bytes) => {
      this.log += bytes;
    });
  }

  /** Starts `argv`, which is to become the daemon; `says` is waited for. */
  static async start(
    t: Pick<TestContext, "after">,
    { env, path }: { env: Readonly<Record<string, string>>; path: string },
    argv: readonly string[] = [DAEMON],
  ): Promise<Daemon> {
    const [command = "", ...args] = argv;
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    const daemon = new Daemon(child, join(path, "socket"));
    t.after(() => daemon.kill());
    await daemon.says("listening");
    return daemon;
  }

  /** Waits until its log has that, again when `times` is given. */
  async says(words: string, times = 1): Promise<void> {
    const ended = () => this.child.exitCode !== null || this.child.signalCode !== null;
    await until(() => ended() || this.log.split(words).length > times);
    if (this.log.split(words).length <= times) throw new Error(`it ended: ${this.log}`);
  }

  connect(): Promise<Peer> {
    return Peer.connect(this.socket);
  }

  /** How many descriptors it has open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.child.pid}/fd`).length;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends SIGTERM, and waits for its end. */
  async stop(): Promise<number | null> {
    if (!this.isAlive) return this.child.exitCode;
    const ended = once(this.child, "exit") as Promise<[number | null]>;
    this.child.kill("SIGTERM");
    return (await within(ended, "it does not end"))[0];
  }

  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}

/** A home where alice is enrolled, and its daemon. */
export async function enrolledDaemon(t: TestContext) {
  const enrolled = await enrolledHome(t);
  return { ...enrolled, daemon: await Daemon.start(t, enrolled.home) };
}

/** Waits until it is so, looking again and again. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE; !(await isSo()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`in vain: ${isSo}`);
  }
}

/** What it resolves to, unless that takes too long. */
export async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const waiting = new AbortController();
  const late = sleep(PATIENCE, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(otherwise);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => undefined);
    waiting.abort();
  }
}
