/**
 * Acting as another user, as root: what is made meanwhile is theirs, and what they may have
 * planted in their directories is not met with root's power (CVE-2024-47191).
 */
import { readdirSync, readFileSync } from "node:fs";
import { Fault } from "../core/fault.ts";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Becomes that user in all but the real uid, which keeps the way back, until what it returns
 * is called. All threads change together: setxid in nptl(7).
 * @throws Fault `not-permitted`, and nothing has changed then
 */
export function actAs({ uid, gid }: Identity): () => void {
  const groups = supplementaryGroups();
  const before = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const undo: (() => void)[] = [];
  const giveBack = (): void => {
    while (undo.length > 0) undo.pop()?.();
  };
  try {
    if (groups) process.setgroups?.([]);
    if (groups) undo.push(() => process.setgroups?.(groups));
    process.setegid?.(gid);
    undo.push(() => process.setegid?.(before.gid));
    // Last, for it takes the right to the others away; and first to be undone.
    process.seteuid?.(uid);
    undo.push(() => process.seteuid?.(before.uid));
  } catch (cause) {
    giveBack();
    throw new Fault("not-permitted", `this process may not act as uid ${uid}`, {
      hint: "root without CAP_SETUID and CAP_SETGID cannot: run it with all of root's rights",
      cause,
    });
  }
  return giveBack;
}

/**
 * Becomes that user for good, and makes sure of it.
 * @throws Fault `internal` for a process that must not go on: it has more than is that user's
 */
export function become({ uid, gid }: Identity): void {
  try {
    process.setgroups?.([]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (cause) {
    throw new Fault("internal", `cannot become uid ${uid}`, { cause });
  }
  for (const thread of readdirSync("/proc/self/task")) {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "latin1");
    if (!isNobodyElse(status, uid, gid)) {
      throw new Fault("internal", `uid ${uid} would keep rights of root`);
    }
  }
}

/** By proc_pid_status(5): real, effective, saved and file system ids are theirs, and that is all. */
function isNobodyElse(status: string, uid: number, gid: number): boolean {
  const says = (name: string, value: string): boolean =>
    new RegExp(`^${name}:[ \\t]*${value}[ \\t]*$`, "m").test(status);
  const four = (id: number): string => Array(4).fill(id).join("\\t");
  const isBare = ["CapEff", "CapPrm", "CapAmb"].every((name) => says(name, "0+"));
  return isBare && says("Uid", four(uid)) && says("Gid", four(gid)) && says("Groups", "");
}

/**
 * By the kernel's word, for process.getgroups() adds the group in force. Undefined where it
 * does not say: they are left alone then, for they could not be put back.
 */
function supplementaryGroups(): number[] | undefined {
  try {
    const [, line] = /^Groups:(.*)$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    return line?.split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return undefined;
  }
}
