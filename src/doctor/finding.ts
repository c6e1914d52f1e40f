/** What a check says: how things stand, in one line, and the mend. */
import { Fault } from "../core/fault.ts";

/** In the order they are told. */
export const CHECK_NAMES = [
  "clock",
  "settings",
  "files",
  "key",
  "store",
  "duo",
  "message",
  "yubikey",
  "daemon",
  "audit",
  "pam",
  "sshd",
] as const;

export type CheckName = (typeof CHECK_NAMES)[number];

/** A warning leaves the second factor working as it was set up; a problem does not. */
export type State = "ok" | "warning" | "problem";

export interface Finding {
  readonly check: CheckName;
  readonly state: State;
  /** One lower-case line. */
  readonly message: string;
  /** One line: what to do, or the command to give. */
  readonly mend?: string;
}

/** How one check words its findings. */
export interface Voice {
  ok(message: string): Finding;
  warning(message: string, mend?: string): Finding;
  problem(message: string, mend?: string): Finding;
  /** What a thrown error means. */
  broken(error: unknown): Finding;
}

export function voiceOf(check: CheckName): Voice {
  const say = (state: State) => (message: string, mend?: string) => ({
    check,
    state,
    message,
    ...(mend === undefined ? {} : { mend }),
  });
  const [ok, warning, problem] = [say("ok"), say("warning"), say("problem")];
  return { ok, warning, problem, broken: (error) => broken(error, problem, warning) };
}

function broken(error: unknown, problem: Voice["problem"], warning: Voice["warning"]): Finding {
  if (!(error instanceof Fault)) {
    const words = error instanceof Error ? error.message : String(error);
    return problem(`this check failed: ${words}`, "report it, with what countersign doctor said");
  }
  // The check of the files tells it, with its mend: one cause is to be one problem.
  if (error.code === "file-untrusted") return warning("not opened before its file is mended");
  return problem(error.message, error.hint);
}
