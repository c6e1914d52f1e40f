/** Reaches the daemon's socket, also when many others do. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, Fault } from "../core/fault.ts";

/** Milliseconds that a daemon has to let one in. */
const PATIENCE = 10_000;

/** True when somebody accepts connections at this socket, if not at once. */
export async function answers(path: string): Promise<boolean> {
  try {
    (await reach(path)).destroy();
    return true;
  } catch (error) {
    return isCrowded(error);
  }
}

/** @throws Fault `store-unreadable` where none answers */
export async function openSocket(path: string): Promise<Socket> {
  for (let since = Date.now(); ; await sleep(10)) {
    try {
      return await reach(path);
    } catch (cause) {
      if (isCrowded(cause) && Date.now() - since < PATIENCE) continue;
      throw new Fault("store-unreadable", `${path}: countersignd does not answer`, {
        hint: "start it: systemctl start countersignd",
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
