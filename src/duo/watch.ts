/**
 * Follows a transaction until it is decided. A push is on its way by now: a status that is
 * lost is asked for again, and never becomes a reason to let anybody in.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AuthApi } from "./auth-api.ts";
import { DuoFault } from "./duo-fault.ts";
import type { AuthStatus } from "./replies.ts";

/** A push lives 60 seconds; a call, and a slow network, take longer. */
export const LONGEST_WATCH = 120_000;
/** In a row. */
const FAILURES = 3;
const PAUSE = 1000;
/** Also how Duo says that there was no news in all the time it held the reply back. */
const NO_NEWS = 40002;

/**
 * Yields each status that brings news; the last one allows or denies.
 * @param limit milliseconds, after which it is a DuoFault `timed-out`
 */
export async function* watch(
  api: Pick<AuthApi, "authStatus">,
  transaction: string,
  signal?: AbortSignal,
  limit = LONGEST_WATCH,
): AsyncGenerator<AuthStatus, void> {
  const late = AbortSignal.timeout(limit);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  let last: AuthStatus | undefined;
  for (let failures = 0; ; ) {
    try {
      const news = await api.authStatus(transaction, either);
      failures = 0;
      if (news.status !== last?.status || news.message !== last.message) yield news;
      if (news.result !== "waiting") return;
      // No news, and not held back either: not asked for without pause.
      if (news.status === last?.status) await pause(either);
      last = news;
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) throw undecided(error);
      failures++;
      if (failures > FAILURES || !mayPass(error)) throw error;
      await pause(either);
    }
  }
}

/** Cut short, it is the next request that rejects with the signal's own reason. */
async function pause(signal: AbortSignal): Promise<void> {
  await sleep(PAUSE, undefined, { signal }).catch(() => {});
}

function mayPass(error: unknown): boolean {
  return (
    error instanceof DuoFault && (error.code === "duo-unreachable" || error.duoCode === NO_NEWS)
  );
}

function undecided(cause: unknown): DuoFault {
  return new DuoFault("timed-out", "nobody answered Duo in time", { mayHaveActed: true, cause });
}
