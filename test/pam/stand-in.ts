/** A daemon that lies, stalls or dies: for what the real one never does. */
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeDirectory } from "../support/cli.ts";

/** What it does with one connection; `line` is the next line of the client's. */
export type Behaviour = (connection: {
  readonly socket: Socket;
  readonly send: (text: string) => void;
  readonly line: () => Promise<string>;
}) => Promise<void> | void;

export interface StandIn {
  readonly socket: string;
  /** Every line that clients sent. */
  readonly heard: string[];
}

export const PROMPT = "prompt-secret Verification%20code%3A%20\n";
export const ACCEPT = "verdict accept user=alice\n";

export async function standIn(
  t: Pick<TestContext, "after">,
  behave: Behaviour,
  place?: string,
  backlog = 511,
): Promise<StandIn> {
  const socket = place ?? join(await makeDirectory(t), "socket");
  const heard: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.on("error", () => undefined);
    connection.on("close", () => open.delete(connection));
    const line = lines(connection, heard);
    void behave({ socket: connection, send: (text) => void connection.write(text), line });
  });
  await new Promise<void>((resolve) => server.listen({ path: socket, backlog }, resolve));
  t.after(() => {
    for (const connection of open) connection.destroy();
    server.close();
  });
  return { socket, heard };
}

/** One that asks once, and then says this. */
export function asksThenSays(ending: string, before = ""): Behaviour {
  return async ({ send, line, socket }) => {
    await line();
    send(`${before}${PROMPT}`);
    await line();
    send(ending);
    socket.end();
  };
}

function lines(socket: Socket, heard: string[]): () => Promise<string> {
  const waiting: ((line: string) => void)[] = [];
  const ready: string[] = [];
  let rest = "";
  socket.on("data", (bytes) => {
    const all = `${rest}${bytes}`.split("\n");
    rest = all.pop() ?? "";
    for (const each of all) {
      heard.push(each);
      const waiter = waiting.shift();
      if (waiter) waiter(each);
      else ready.push(each);
    }
  });
  return () => {
    const line = ready.shift();
    return line === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(line);
  };
}
