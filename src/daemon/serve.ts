/** Serves one opening: a verification or a call, as the caller the kernel named. */
import type { Socket } from "node:net";
import type { Caller, Countersign } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { Malformed } from "../protocol/lines.ts";
import type { DaemonMessage, Ending, Opening } from "../protocol/messages.ts";
import type { DaemonConnection } from "../wire/connection.ts";
import { toFault, toVerdict } from "../wire/ending.ts";
import { originOf } from "../wire/origin.ts";
import { Argument, CALLS } from "./calls.ts";

/**
 * The ending to send; undefined for a peer that broke the protocol: it gets nothing.
 * @param report told of what keeps a verification from being judged
 */
export async function serve(
  opening: Opening,
  connection: DaemonConnection,
  service: Countersign,
  caller: Caller,
  report: (fault: Fault) => void,
): Promise<Ending | undefined> {
  try {
    if (opening.kind === "verify") {
      const outcome = await service.verify(
        opening.user,
        originOf(opening),
        connection.conversation,
      );
      if (outcome.fault) report(outcome.fault);
      return toVerdict(outcome, caller);
    }
    const handler = CALLS[opening.name];
    if (!handler || !Object.hasOwn(CALLS, opening.name)) throw new Malformed("no such call");
    const call = { service, conversation: connection.conversation, item: sender(connection) };
    const result = await handler(call, new Argument(opening.argument));
    return { kind: "result", document: JSON.stringify(result ?? null) };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    // What is no fault is a mistake of the program's, and for the log of whoever called this.
    if (!(error instanceof Fault)) throw error;
    return toFault(error);
  }
}

/** Elements of a list, as fast as they are read and no faster. */
function sender(connection: DaemonConnection): (element: unknown) => Promise<void> {
  return async (element) => {
    const message: DaemonMessage = { kind: "item", document: JSON.stringify(element) };
    if (!connection.send(message)) await roomOn(connection.socket);
    if (connection.socket.destroyed) throw new Malformed("nobody reads on");
  };
}

/** Resolves when what was written is on its way, or nobody is there to read it. */
function roomOn(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ["drain", "close"]) socket.once(event, resolve);
  return promise.finally(() => {
    for (const event of ["drain", "close"]) socket.off(event, resolve);
  });
}
