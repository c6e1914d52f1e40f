/** A log daemon of a test's own: a real datagram socket, read by another program. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** Tells each datagram in hexadecimal, a line each; with "hang" it reads none. */
const RECEIVE = `
import socket, sys, os
path, mode = sys.argv[1:]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(path)
os.chmod(path, 0o666)
print("ready", flush=True)
if mode == "hang":
    sys.stdin.read()
while mode == "read":
    print(receiver.recv(65536).hex(), flush=True)
`;

export class Receiver {
  readonly #child: ChildProcess;
  readonly #heard: string[] = [];
  #waiting: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param enter what runs a command where the socket is to be */
  static async open(
    t: Pick<TestContext, "after">,
    path: string,
    mode: "read" | "hang" = "read",
    enter: (argv: string[]) => string[] = (argv) => argv,
  ): Promise<Receiver> {
    const [command = "", ...args] = enter(["python3", "-c", RECEIVE, path, mode]);
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const receiver = new Receiver(child);
    t.after(() => receiver.close());
    const { promise, resolve } = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") return resolve();
      receiver.#heard.push(Buffer.from(line, "hex").toString("latin1"));
      receiver.#waiting();
    });
    await promise;
    return receiver;
  }

  /** The first `count` datagrams, once they are there; bytes as Latin-1. */
  async heard(count: number): Promise<string[]> {
    while (this.#heard.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#heard.slice(0, count);
  }

  get count(): number {
    return this.#heard.length;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** A datagram of the journal's, field by field. */
export function journalFields(datagram: string): Map<string, string> {
  const bytes = Buffer.from(datagram, "latin1");
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf("\n", at);
    const line = bytes.toString("utf8", at, end);
    const sign = line.indexOf("=");
    if (sign >= 0) {
      fields.set(line.slice(0, sign), line.slice(sign + 1));
      at = end + 1;
      continue;
    }
    const length = Number(bytes.readBigUInt64LE(end + 1));
    const value = end + 9;
    fields.set(line, bytes.toString("utf8", value, value + length));
    if (bytes[value + length] !== 0x0a) throw new Error(`${line} does not end`);
    at = value + length + 1;
  }
  return fields;
}
