/** A host of the test's own with the daemon of the system's scope, alice, bob and root on it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { type Countersign, succeed } from "../commands/enrolled.ts";
import { MINIMAL_ENV } from "../support/run.ts";
import { SANDBOX_CLI, Sandbox } from "../support/sandbox.ts";
import { until } from "./daemon.ts";

const DAEMON = "/opt/countersign/bin/countersignd.js";
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

export class Host {
  readonly sandbox: Sandbox;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  static async make(t: TestContext): Promise<Host> {
    const sandbox = await Sandbox.open(t);
    for (const user of ["alice", "bob"]) await sandbox.addUser(user);
    const host = new Host(sandbox);
    await succeed(host.as(), ["init"]);
    // Codes of many steps are good, so that a test need not wait for the next.
    await succeed(host.as(), ["config", "set", "totp.window", "10"]);
    await host.#startDaemon(t);
    return host;
  }

  async #startDaemon(t: TestContext): Promise<void> {
    const [command = "", ...args] = this.sandbox.enter([DAEMON]);
    const child = spawn(command, args, { env: MINIMAL_ENV, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr.on("data", (bytes) => {
      log += bytes;
    });
    t.after(async () => {
      const ended = once(child, "exit");
      if (child.kill("SIGTERM")) await ended;
    });
    await until(() => log.includes("listening"));
  }

  /** The command as that user runs it; root where none is named. */
  as(user?: string): Countersign {
    return (args, options = {}) =>
      this.sandbox.run([SANDBOX_CLI, ...args], { ...options, ...(user ? { user } : {}) });
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
