/** The steps of a login at which a daemon can die, each brought about exactly. */
import type { TestContext } from "node:test";
import { Traced } from "./traced.ts";

export interface Step {
  readonly when: string;
  /** True when the code is in the store as spent by then. */
  readonly isSpent: boolean;
  /** To be called before the login: resolves to what waits until the daemon is at this step. */
  prepare(
    t: Pick<TestContext, "after">,
    pid: number,
  ): Promise<(answer: () => void) => Promise<void>>;
}

export const STEPS: readonly Step[] = [
  {
    when: "before the opening is read",
    isSpent: false,
    async prepare(t, pid) {
      const traced = await Traced.attach(t, pid, "accept4", "signal=SIGSTOP:when=1");
      return () => traced.isStopped();
    },
  },
  {
    when: "after the prompt",
    isSpent: false,
    async prepare(t, pid) {
      const traced = await Traced.attach(t, pid, "write");
      return () => traced.sees('"prompt-secret ');
    },
  },
  {
    when: "after the answer, before the commit",
    isSpent: false,
    // The first bytes of the store's log; the rest of them are not written any more.
    prepare: (t, pid) => answeredAndStopped(t, pid, "pwrite64"),
  },
  {
    when: "between the commit and the verdict",
    isSpent: true,
    prepare: (t, pid) => answeredAndStopped(t, pid, "fsync,fdatasync"),
  },
];

async function answeredAndStopped(t: Pick<TestContext, "after">, pid: number, call: string) {
  const traced = await Traced.attach(t, pid, call, "signal=SIGSTOP:when=1");
  return async (answer: () => void): Promise<void> => {
    answer();
    await traced.isStopped();
  };
}
