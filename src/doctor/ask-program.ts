/**
 * Asks another program of the host, and never waits long for it. By absolute path and with
 * an environment of our own: this runs as root.
 */
import { spawn } from "node:child_process";

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
}

/** "absent": there is no such program; "silent": it said nothing in time. */
export type Ask = (
  program: string,
  args: readonly string[],
) => Promise<Answer | "absent" | "silent">;

/** How long a program may take to answer, in milliseconds. */
const LIMIT = 2_000;

/** More than any of them says; what follows is not read. */
const ANSWER_MAX = 1024 * 1024;

const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export function askWithin(limit: number = LIMIT): Ask {
  return (program, args) =>
    new Promise((resolve) => {
      const child = spawn(program, [...args], {
        cwd: "/",
        env: ENVIRONMENT,
        stdio: ["ignore", "pipe", "ignore"],
        // A process group of its own, so that its children end with it.
        detached: true,
      });
      let stdout = "";
      const timer = setTimeout(() => {
        resolve("silent");
        // What it left behind may hold the pipe open; nobody waits for that.
        child.stdout.destroy();
        endGroup(child.pid);
      }, limit);
      child.stdout.setEncoding("utf8").on("data", (part: string) => {
        stdout = (stdout + part).slice(0, ANSWER_MAX);
      });
      child.on("error", () => {
        clearTimeout(timer);
        resolve("absent");
      });
      child.on("close", (code) => {
        clearTimeout(timer);
        resolve({ code, stdout });
      });
    });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}
