/**
 * The browser of the person at this machine: whether there is one, and starting it. It runs
 * what the person's own settings and BROWSER name, so it is started only for somebody who has
 * a shell here already: not at a login, never as root or for whoever became another user.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type open from "open";
import type { Environment } from "./style.ts";

type Opener = Awaited<ReturnType<typeof open>>;

/** Milliseconds in which an opener that finds no browser has ended. */
const VERDICT = 1_000;

/** Set by what lets one user act as another: the screen is not the acting user's. */
const BORROWED = ["SUDO_UID", "SUDO_USER", "PKEXEC_UID", "DOAS_USER"];

/** True where the person sits elsewhere, and so does their browser. */
export function isRemote(environment: Environment): boolean {
  return ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].some((name) => environment[name]);
}

/**
 * True where a browser can be started for the person. Over ssh never, though X may be
 * forwarded: before the second factor, a browser in the hands of who has only the first is a
 * way to the user's files.
 * @param uids the real and the effective one of this process
 */
export function hasBrowserHere(environment: Environment, uids: readonly number[]): boolean {
  const has = (name: string): boolean => Boolean(environment[name]);
  if (isRemote(environment) || uids.some((uid) => uid === 0 || uid !== uids[0])) return false;
  return !BORROWED.some(has) && ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].some(has);
}

/** Starts it, detached and without our terminal; false where that is seen to fail. */
export async function startBrowser(url: string): Promise<boolean> {
  // Duo's word, or the daemon's: neither a file nor a flag of the browser.
  if (!/^https:\/\//.test(url) || !URL.canParse(url)) return false;
  try {
    // Loaded here alone: no login waits for it.
    const { default: open } = await import("open");
    return await isTaken(await open(url));
  } catch {
    return false;
  }
}

/** An opener that hands the address on has ended well, one that is the browser goes on. */
async function isTaken(opener: Opener): Promise<boolean> {
  if (opener.exitCode !== null) return opener.exitCode === 0;
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(opener, "exit", { signal }).then(([code]) => code === 0);
  const goesOn = sleep(VERDICT, true, { signal });
  try {
    return await Promise.race([ended, goesOn]);
  } finally {
    for (const each of [ended, goesOn]) each.catch(() => undefined);
    waiting.abort();
  }
}
