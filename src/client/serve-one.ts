/**
 * One verification for the PAM module, which runs this where no daemon is: the daemon's own
 * protocol over a socket that the module has handed down.
 */
import { Socket } from "node:net";
import { Fault } from "../core/fault.ts";
import type { Ending, Opening } from "../protocol/messages.ts";
import { DaemonConnection } from "../wire/connection.ts";
import { toFault, toVerdict } from "../wire/ending.ts";
import { originOf } from "../wire/origin.ts";
import { withCountersign } from "./connect.ts";

/** Milliseconds: nobody stops this process but the module, by hanging up. */
const LIMITS = { idle: 120_000, total: 600_000 };

/**
 * Serves the socket at this descriptor to its end.
 * @throws Fault `not-permitted` for anyone but root: who may ask about everyone is root's alone
 */
export async function serveOneVerification(fd: number): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Fault("not-permitted", "verify --protocol is for the PAM module, as root");
  }
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
  socket.once("close", () => resolve());
  const connection = new DaemonConnection(socket, LIMITS, (opening) => {
    void judge(opening, connection).then((ending) => connection.finish(ending));
  });
  await closed;
}

async function judge(opening: Opening, { conversation }: DaemonConnection): Promise<Ending> {
  try {
    if (opening.kind !== "verify") throw new Fault("not-permitted", "only verifications here");
    const { user } = opening;
    return await withCountersign({ pam: true }, async ({ service, caller }) => {
      const outcome = await service.verify(user, originOf(opening), conversation);
      return toVerdict(outcome, caller);
    });
  } catch (error) {
    return toFault(error);
  }
}
