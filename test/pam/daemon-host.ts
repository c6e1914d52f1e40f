/** A host of its own with the real daemon, the module, and logins to it through pamtester. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Countersign,
  enrollSecret,
  inHand,
  type Phone,
  succeed,
} from "../commands/enrolled.ts";
import { Beginning } from "../support/beginning.ts";
import { needs } from "../support/parts.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { builtModule, type HarnessOptions, parseSession, type Session } from "./module.ts";

export const DAEMON = needs(
  ...["root", "mount namespaces", "make", "gcc", "libpam0g-dev", "pamtester", "oathtool"],
);

const SERVICE = "countersign-test";
const MODULE = "/opt/pam_countersign.so";
/** Root's own file, whoever owns the checkout that it runs. */
const VERIFIER = "/opt/verifier";
/** Milliseconds until a test gives up waiting. */
const PATIENCE = 15_000;
export const NO_VERIFIER = "verifier=/opt/none";

/** How pamtester says what a stack returned: pam_strerror(3). */
const SAID = {
  success: /successfully authenticated/,
  "permission denied": /Permission denied/,
  "auth error": /Authentication failure/,
  unavailable: /cannot retrieve authentication info/,
  "max tries": /maximum number of retries/,
  "service error": /Error in service module/,
  // Of pam_unix, where there is no password.
  "no password": /Authentication token manipulation error/,
} as const;

export type Returned = keyof typeof SAID;

const ALICE_ENROLLED = new Beginning(async (sandbox) => {
  for (const name of ["alice", "bob"]) await sandbox.addUser(name);
  await sandbox.sh("chpasswd", { input: "alice:Sommer2024\n" });
  return enrollSecret(countersignIn(sandbox));
});

export class DaemonHost {
  readonly sandbox: Sandbox;
  readonly countersign: Countersign;
  readonly phone: Phone;
  readonly backupCodes: readonly string[];
  #daemon: ChildProcess | undefined;
  log = "";

  private constructor(sandbox: Sandbox, phone: Phone, backupCodes: readonly string[]) {
    this.sandbox = sandbox;
    this.countersign = countersignIn(sandbox);
    this.phone = phone;
    this.backupCodes = backupCodes;
  }

  /** With alice, whose password is Sommer2024, and bob; alice is enrolled, the daemon runs. */
  static async open(t: TestContext): Promise<DaemonHost> {
    const out = await builtModule();
    const sandbox = await Sandbox.open(t);
    const { phone, backupCodes } = inHand(await ALICE_ENROLLED.in(sandbox));
    const launch = `#!/bin/sh\nexec ${SANDBOX_CLI} "$@"\n`;
    await sandbox.sh(
      `cp ${out}/pam_countersign.so ${MODULE}; cat > ${VERIFIER}; chmod 755 ${VERIFIER}`,
      { input: launch },
    );
    const host = new DaemonHost(sandbox, phone, backupCodes);
    t.after(() => host.stop("SIGKILL"));
    await host.start();
    return host;
  }

  async start(): Promise<void> {
    const bin = SANDBOX_CLI.replace("countersign.js", "countersignd.js");
    const [command = "", ...args] = this.sandbox.enter([bin]);
    const daemon = spawn(command, args, { env: MINIMAL_ENV, stdio: ["ignore", "ignore", "pipe"] });
    this.#daemon = daemon;
    this.log = "";
    // Read to the end: the daemon goes on to log.
    daemon.stderr.on("data", (bytes) => {
      this.log += bytes;
    });
    await this.says(/listening/);
  }

  /** Waits until the daemon has logged that since it was started, or since `log` was emptied. */
  async says(words: RegExp): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!words.test(this.log) && this.#daemon?.exitCode === null && Date.now() < end) {
      await sleep(10);
    }
    assert.match(this.log, words);
  }

  get pid(): number {
    return this.#daemon?.pid ?? 0;
  }

  /** Ends the daemon as it is; the socket of one that was killed stays. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon || daemon.exitCode !== null) return;
    const ended = once(daemon, "exit");
    daemon.kill(signal);
    await ended;
  }

  /** A stack in which MODULE stands for the module and its verifier. */
  stack(lines: string): Promise<void> {
    return this.sandbox.pamService(SERVICE, `${withModule(lines)}\n`);
  }

  /** What the stack returns to pamtester; each answer is a line typed. */
  async login(answers: readonly string[], user = "alice", env = {}): Promise<Returned> {
    const ended = await this.sandbox.run(["pamtester", SERVICE, user, "authenticate"], {
      input: answers.map((answer) => `${answer}\n`).join(""),
      env: { ...MINIMAL_ENV, ...env },
    });
    const said = `${ended.stdout}${ended.stderr}`;
    const found = Object.entries(SAID).find(([, pattern]) => pattern.test(said));
    assert.ok(found, said);
    assert.equal(ended.code === 0, found[0] === "success", said);
    return found[0] as Returned;
  }

  /** The same login through the harness. */
  async harness(answers: readonly string[], login: HarnessOptions = {}): Promise<Session> {
    const { user = "alice", options = [], env, timeout = 60_000 } = login;
    const harness = join(await builtModule(), "harness");
    const ended = await this.sandbox.run([harness, "/etc/pam.d", SERVICE, user, ...options], {
      input: answers.map((answer) => `${answer}\n`).join(""),
      env: { ...MINIMAL_ENV, ...env },
      timeout,
    });
    assert.equal(ended.code, 0, `${ended.signal} ${ended.stderr}`);
    return parseSession(ended.stdout);
  }

  /** The last verification in the audit log: verdict and reason. */
  async lastVerdict(): Promise<string> {
    const log = await succeed(this.countersign, ["audit", "list", "--json", "--last", "1"]);
    const [{ verdict, reason }] = JSON.parse(log);
    return reason === null ? verdict : `${verdict}: ${reason}`;
  }
}

/** PAM's lines, in which MODULE stands for the module and its verifier. */
export function withModule(lines: string): string {
  return lines.replaceAll("MODULE", `${MODULE} verifier=${VERIFIER}`);
}

function countersignIn(sandbox: Sandbox): Countersign {
  return (args, options) => sandbox.run([SANDBOX_CLI, ...args], options);
}
