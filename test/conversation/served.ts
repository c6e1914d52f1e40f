/** The daemon's side of a scene: a real socket, a real connection, and the script played on it. */
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { DaemonConnection } from "../../src/wire/connection.ts";
import { makeDirectory } from "../support/cli.ts";
import { type Outcome, play, type Step } from "./scene.ts";

export interface Served {
  readonly path: string;
  readonly outcomes: Promise<Outcome[]>;
}

/** Serves one connection. @param idle milliseconds that a question waits */
export async function serveScene(
  t: TestContext,
  script: readonly Step[],
  idle: number,
): Promise<Served> {
  const path = join(await makeDirectory(t), "socket");
  const { promise: outcomes, resolve, reject } = Promise.withResolvers<Outcome[]>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new DaemonConnection(socket, { idle, total: 60_000 }, () => {
      play(script, connection.conversation).then((played) => {
        connection.finish({ kind: "verdict", verdict: "reject", user: "alice" });
        resolve(played);
      }, reject);
    });
    t.after(() => connection.destroy());
  });
  await new Promise<void>((listening) => server.listen(path, listening));
  t.after(() => server.close());
  return { path, outcomes };
}
