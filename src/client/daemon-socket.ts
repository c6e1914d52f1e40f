/** Reaches the daemon's socket, also when many others do. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, Fault } from "../core/fault.ts";

/** Milliseconds that a daemon has to let one in. */
const PATIENCE = 10_000;
/** Milliseconds for which a connection is kept unused: far less than a daemon waits. */
const KEPT = 1_000;

/** Opens a connection. @throws Fault `store-unreadable` where none answers */
export type Opener = () => Promise<Socket>;

/** True when somebody accepts connections at this socket, if not at once. */
export async function answers(path: string): Promise<boolean> {
  try {
    (await reach(path)).destroy();
    return true;
  } catch (error) {
    return isCrowded(error);
  }
}

export function openerOf(path: string): Opener {
  return () => openSocket(path);
}

/**
 * The same where somebody accepts connections, and undefined where nobody does. What showed it
 * is the first connection, for as long as the daemon waits for its opening.
 */
export async function openerIfAnswered(path: string): Promise<Opener | undefined> {
  let first: Socket | undefined;
  try {
    first = await reach(path);
  } catch (error) {
    return isCrowded(error) ? openerOf(path) : undefined;
  }
  // The process may well end without using it.
  first.unref();
  const since = Date.now();
  return () => {
    const kept = first;
    first = undefined;
    if (kept && Date.now() - since < KEPT) return Promise.resolve(kept.ref());
    kept?.destroy();
    return openSocket(path);
  };
}

async function openSocket(path: string): Promise<Socket> {
  for (let since = Date.now(); ; await sleep(10)) {
    try {
      return await reach(path);
    } catch (cause) {
      if (isCrowded(cause) && Date.now() - since < PATIENCE) continue;
      throw new Fault("store-unreadable", `${path}: countersignd does not answer`, {
        hint: "ask an administrator to start it: systemctl start countersignd",
        cause,
      });
    }
  }
}

async function reach(path: string): Promise<Socket> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The line before the daemon's door is full: connect(2) would wait, but Node's does not. */
function isCrowded(error: unknown): boolean {
  return errnoOf(error) === "EAGAIN";
}
