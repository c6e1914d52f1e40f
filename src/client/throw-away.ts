/** A scope in a temporary directory of its own, gone afterwards however it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopeOf } from "../settings/scope.ts";
import { type Connection, withCountersign } from "./connect.ts";

const ENDINGS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function withThrowAway<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "countersign-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const leave = (signal: NodeJS.Signals): void => {
    remove();
    process.kill(process.pid, signal);
  };
  process.on("exit", remove);
  for (const signal of ENDINGS) process.once(signal, leave);
  try {
    const env = { COUNTERSIGN_HOME: directory };
    const scope = scopeOf({ uid: process.getuid?.() ?? 0, home: directory, env });
    return await withCountersign({ begin: true, scope }, use);
  } finally {
    process.off("exit", remove);
    for (const signal of ENDINGS) process.off(signal, leave);
    remove();
  }
}
