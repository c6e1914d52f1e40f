/**
 * One HTTPS request on a connection of its own, bounded in time and size. Nothing is taken from
 * the environment: no agent of Node's looks for proxy variables, and every setting that NODE_*
 * could loosen is given.
 */
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { converse, type HttpReply, TooLarge } from "../https/exchange.ts";
import { mistrustOf, outageOf } from "../https/reasons.ts";
import { authority, type ServerAddress } from "./server-address.ts";
import { ValidationFault } from "./validation-fault.ts";

/** Many times what a reply of the protocol takes. */
const LARGEST_REPLY = 16 * 1024;

/**
 * Rejects with the signal's reason once `signal` is aborted.
 * @param path with the query
 * @throws ValidationFault
 */
export async function httpsGet(
  server: ServerAddress,
  path: string,
  trusted: SecureContext,
  signal: AbortSignal,
): Promise<HttpReply> {
  signal.throwIfAborted();
  const socket = open(server, trusted);
  try {
    await once(socket, "secureConnect", { signal });
    const request = { method: "GET", path, headers: { Host: authority(server) } } as const;
    return await converse(socket, request, LARGEST_REPLY, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw faultOf(error, socket, authority(server));
  } finally {
    socket.destroy();
  }
}

function open({ name, port }: ServerAddress, secureContext: SecureContext): TLSSocket {
  const socket = connect({
    host: name,
    port,
    // RFC 6066 3: no addresses in server_name. The certificate is held to `host` all the same.
    servername: isIP(name) ? "" : name,
    secureContext,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
  });
  // One that fails while nobody waits for it ends; it does not end the process.
  return socket.on("error", () => {});
}

function faultOf(cause: unknown, socket: TLSSocket, where: string): ValidationFault {
  if (cause instanceof TooLarge) {
    return new ValidationFault("invalid", `the reply of ${where} is larger than any`, cause);
  }
  if (socket.authorizationError) {
    const reason = mistrustOf(cause);
    return new ValidationFault(
      "unreachable",
      `the certificate of ${where} is refused: ${reason}`,
      cause,
    );
  }
  const reason = outageOf(cause);
  if (reason) return new ValidationFault("unreachable", `${where} ${reason}`, cause);
  return new ValidationFault("invalid", `${where} does not answer as it should`, cause);
}
