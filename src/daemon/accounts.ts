/** The login name of a uid, by the host's own word: getent(1). */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Fault } from "../core/fault.ts";

const GETENT = "/usr/bin/getent";
/** Milliseconds; a directory service that does not answer is not waited for. */
const PATIENCE = 5_000;

/** Milliseconds for which an answer is kept: one user's many connections ask once. */
const KEPT = 2_000;

/**
 * Milliseconds between two look-ups: one user may have the 65,536 uids of their user namespaces
 * (subuid(5)), and starting a process for each as fast as they come leaves logins no time.
 */
const APART = 10;

const run = promisify(execFile);
const asked = new Map<number, Promise<string>>();
/** When the next look-up may begin: monotonic, milliseconds. */
let nextTurn = 0;

/** @throws Fault `not-permitted` for a uid that is nobody's: it has no account to act on */
export function loginOf(uid: number): Promise<string> {
  if (uid === 0) return Promise.resolve("root");
  const known = asked.get(uid);
  if (known !== undefined) return known;
  const answer = turn().then(() => ask(uid));
  asked.set(uid, answer);
  const forget = (): void => {
    setTimeout(() => asked.delete(uid), KEPT).unref();
  };
  answer.then(forget, forget);
  return answer;
}

/** Bounded by the room there is: who waits here has a connection. */
async function turn(): Promise<void> {
  const now = performance.now();
  const wait = Math.max(nextTurn - now, 0);
  nextTurn = now + wait + APART;
  if (wait > 0) await sleep(wait);
}

async function ask(uid: number): Promise<string> {
  try {
    const { stdout } = await run(GETENT, ["passwd", String(uid)], { env: {}, timeout: PATIENCE });
    const [login, , found] = stdout.split(":");
    if (login && Number(found) === uid) return login;
  } catch {
    // Not found, or not answered: either way there is no name to go by.
  }
  throw new Fault("not-permitted", "this uid has no account on this host");
}
