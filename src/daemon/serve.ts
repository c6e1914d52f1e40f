/** Serves one opening: a verification or a call, as the caller the kernel named. */
import { once } from "node:events";
import type { Caller, Countersign, VerifyOutcome } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import { Malformed } from "../protocol/lines.ts";
import type { DaemonMessage, Ending, Opening } from "../protocol/messages.ts";
import { Argument, CALLS } from "./calls.ts";
import type { DaemonConnection } from "./connection.ts";

const ROOT = 0;

/** The ending to send; undefined for a peer that broke the protocol: it gets nothing. */
export async function serve(
  opening: Opening,
  connection: DaemonConnection,
  service: Countersign,
  caller: Caller,
): Promise<Ending | undefined> {
  try {
    if (opening.kind === "verify") {
      const { user, service: name, rhost, tty } = opening;
      const origin = { service: name, rhost, tty };
      return toVerdict(await service.verify(user, origin, connection.conversation), caller);
    }
    const handler = CALLS[opening.name];
    if (!handler || !Object.hasOwn(CALLS, opening.name)) throw new Malformed("no such call");
    const call = { service, conversation: connection.conversation, item: sender(connection) };
    const result = await handler(call, new Argument(opening.argument));
    return { kind: "result", document: JSON.stringify(result ?? null) };
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    return toFault(error);
  }
}

function toVerdict(outcome: VerifyOutcome, { uid }: Caller): Ending {
  const { verdict, user, method, reason, retryAt, fault } = outcome;
  const told = { kind: "verdict", verdict, user, method, retryAt: retryAt?.toString() } as const;
  // The reason would tell a stranger at the prompt what to try next.
  if (uid !== ROOT) return told;
  return { ...told, reason, message: fault?.message, hint: fault?.hint };
}

function toFault(error: unknown): Ending {
  if (!(error instanceof Fault)) {
    return { kind: "fault", code: "internal", message: "the daemon failed; its log has more" };
  }
  return { kind: "fault", code: error.code, message: error.message, hint: error.hint };
}

/** Elements of a list, as fast as they are read and no faster. */
function sender(connection: DaemonConnection): (element: unknown) => Promise<void> {
  return async (element) => {
    const message: DaemonMessage = { kind: "item", document: JSON.stringify(element) };
    if (!connection.send(message)) await once(connection.socket, "drain");
  };
}
