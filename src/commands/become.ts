/** Becomes another program: same process, same descriptors, no parent left behind to wrap it. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { errnoOf, Fault } from "../core/fault.ts";

/**
 * Replaces this process (execve(2)). Returns only by throwing.
 * @param file where the program is, as `locateProgram` found it
 * @throws Fault `usage` when it cannot be run
 */
export function become(file: string, command: readonly string[]): never {
  // Node ignores these two, and what is ignored stays so over execve(2): a pipeline would
  // not end when its reader does. What is caught starts again with its default.
  for (const signal of ["SIGPIPE", "SIGXFSZ"] as const) process.on(signal, () => undefined);
  // That execve is new to Node is nothing to tell whoever is told why it failed.
  process.removeAllListeners("warning");
  try {
    process.execve?.(file, [...command], process.env);
  } catch (cause) {
    throw new Fault("usage", `${file}: cannot be run`, { hint: "check its permissions", cause });
  }
  throw new Fault("internal", "this platform cannot replace a process");
}

/**
 * As a shell finds it: a name with a slash is a path, any other is looked for in PATH.
 * @throws Fault `usage` when there is no such program
 */
export function locateProgram(name: string): string {
  const directories = (process.env.PATH ?? "/usr/bin:/bin").split(delimiter);
  const candidates = name.includes("/")
    ? [resolve(name)]
    : directories.map((directory) => resolve(directory, name));
  const found = candidates.find(isProgram);
  if (found) return found;
  if (name.includes("/") && existsSync(name)) {
    throw new Fault("usage", `${name}: this is no program`, { hint: "check its permissions" });
  }
  throw new Fault("usage", `${name}: there is no such command`, {
    hint: "give its path, or check PATH",
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
