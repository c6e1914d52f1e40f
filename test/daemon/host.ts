/** A host of the test's own with the daemon of the system's scope, alice, bob and root on it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import {
  type Countersign,
  type Enrolled,
  enrollSecret,
  inHand,
  Phone,
  succeed,
} from "../commands/enrolled.ts";
import { Beginning } from "../support/beginning.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { until } from "./daemon.ts";

export const DAEMON = "/opt/countersign/bin/countersignd.js";
export const SOCKET = "/run/countersign/socket";

/** Speaks to the socket raw: what it is given, then, prompt by prompt, an answer from its list. */
const SPEAK = `
  const [path, opening, ...answers] = process.argv.slice(1);
  const socket = require("node:net").connect(path);
  socket.on("error", (error) => console.log(error.code));
  socket.write(opening + "\\n");
  require("node:readline").createInterface({ input: socket }).on("line", (line) => {
    console.log(line);
    if (line.startsWith("prompt")) socket.write(answers.shift() + "\\n");
  }).on("close", () => process.exit());
`;

/** The user of the daemon's own, as every page tells to add it. */
export const ADD_OWN_USER = "useradd --system --shell /usr/sbin/nologin countersign";

const USERS = new Beginning(addUsers);
const SET_UP = new Beginning(async (sandbox) => {
  await addUsers(sandbox);
  await succeed(root(sandbox), ["init"]);
  // Codes of many steps are good, so that a test need not wait for the next.
  await succeed(root(sandbox), ["config", "set", "totp.window", "10"]);
});
const ALICE_ENROLLED = new Beginning(async (sandbox) => {
  await addUsers(sandbox);
  return enrollSecret(root(sandbox));
});

const ALICE_ENROLLED_FOR_OWN_USER = new Beginning(async (sandbox) => {
  await addUsers(sandbox);
  await sandbox.sh(ADD_OWN_USER);
  return enrollSecret(root(sandbox));
});

async function addUsers(sandbox: Sandbox): Promise<void> {
  for (const user of ["alice", "bob"]) await sandbox.addUser(user);
}

function root(sandbox: Sandbox): Countersign {
  return (args, options = {}) => sandbox.run([SANDBOX_CLI, ...args], options);
}

export class Host {
  readonly sandbox: Sandbox;
  #daemon: ChildProcess | undefined;
  log = "";

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  static async make(t: TestContext): Promise<Host> {
    const host = await Host.open(t);
    await SET_UP.in(host.sandbox);
    await host.startDaemon();
    return host;
  }

  /** The same, and alice is enrolled. */
  static async enrolled(t: TestContext): Promise<{ host: Host } & Enrolled> {
    const host = await Host.open(t);
    const handedOut = await ALICE_ENROLLED.in(host.sandbox);
    await host.startDaemon();
    return { host, ...inHand(handedOut) };
  }

  /** With nothing set up. @param setUp a script that root runs first */
  static async withoutDaemon(t: TestContext, setUp = ""): Promise<Host> {
    const host = await Host.open(t);
    await USERS.in(host.sandbox);
    if (setUp !== "") await host.sandbox.sh(setUp);
    return host;
  }

  /** With alice, whom root has enrolled; the files are the owner's, whom the host then has. */
  static async enrolledWithoutDaemon(
    t: TestContext,
    owner: "root" | "countersign",
  ): Promise<{ host: Host } & Enrolled> {
    const host = await Host.open(t);
    const beginning = owner === "root" ? ALICE_ENROLLED : ALICE_ENROLLED_FOR_OWN_USER;
    return { host, ...inHand(await beginning.in(host.sandbox)) };
  }

  private static async open(t: TestContext): Promise<Host> {
    const host = new Host(await Sandbox.open(t));
    t.after(() => host.stopDaemon());
    return host;
  }

  /** Started by root. @param argv what becomes the daemon; it lasts until the test is over */
  async startDaemon(argv: readonly string[] = [DAEMON]): Promise<void> {
    const [command = "", ...args] = this.sandbox.enter(argv);
    const child = spawn(command, args, { env: MINIMAL_ENV, stdio: ["ignore", "ignore", "pipe"] });
    this.#daemon = child;
    this.log = "";
    child.stderr.on("data", (bytes) => {
      this.log += bytes;
    });
    await until(() => this.log.includes("listening") || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`it ended: ${this.log}`);
  }

  /** Sends SIGTERM; its exit status. */
  async stopDaemon(): Promise<number | null> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon || daemon.exitCode !== null) return null;
    const ended = once(daemon, "exit");
    daemon.kill("SIGTERM");
    return (await ended)[0];
  }

  get daemonPid(): number {
    return this.#daemon?.pid ?? 0;
  }

  /** What the kernel says of the daemon: proc_pid_status(5). */
  daemonStatus(): Promise<string> {
    return this.sandbox.sh(`cat /proc/${this.daemonPid}/status`);
  }

  /** The command as that user runs it; root where none is named. */
  as(user?: string): Countersign {
    return (args, options = {}) =>
      this.sandbox.run([SANDBOX_CLI, ...args], { ...options, ...(user ? { user } : {}) });
  }

  /** Has a user without root enroll, who has no say in the settings. */
  async enroll(user: string): Promise<Enrolled> {
    const begun = JSON.parse(await succeed(this.as(user), ["enroll", "--begin", "--json"]));
    const code = await new Phone(begun.secret, -7).next();
    const confirm = ["enroll", "--confirm", "--code-stdin", "--json"];
    const { backupCodes } = JSON.parse(await succeed(this.as(user), confirm, code));
    return { phone: new Phone(begun.secret, -6), backupCodes };
  }

  /** The daemon's lines to an opening sent by that user, past every check of the client. */
  async speak(user: string, opening: string, ...answers: string[]): Promise<string[]> {
    const argv = [process.execPath, "-e", SPEAK, "--", SOCKET, opening, ...answers];
    const { stdout } = await this.sandbox.run(argv, { user });
    return stdout.split("\n").slice(0, -1);
  }

  /** A call in the protocol's own words. */
  call(user: string, name: string, argument: object): Promise<string[]> {
    const document = encodeURIComponent(JSON.stringify(argument)).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16)}`,
    );
    return this.speak(user, `countersign/1 call name=${name} argument=${document}`);
  }
}
