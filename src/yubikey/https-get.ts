/**
 * One HTTPS request on a connection of its own, bounded in time and size. Nothing is taken from
 * the environment: no agent of Node's looks for proxy variables, and every setting that NODE_*
 * could loosen is given. A redirect is a reply like any other.
 */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { errnoOf } from "../core/fault.ts";
import { authority, type ServerAddress } from "./server-address.ts";
import { ValidationFault } from "./validation-fault.ts";

export interface HttpReply {
  readonly status: number;
  readonly body: Buffer;
}

/** Many times what a reply of the protocol takes. */
const LARGEST_REPLY = 16 * 1024;
const LARGEST_HEAD = 16 * 1024;

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
    return await converse(socket, server, path, signal);
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

async function converse(
  socket: TLSSocket,
  server: ServerAddress,
  path: string,
  signal: AbortSignal,
): Promise<HttpReply> {
  const request = httpRequest({
    createConnection: () => socket,
    method: "GET",
    path,
    headers: { Host: authority(server), Connection: "close" },
    setHost: false,
    insecureHTTPParser: false,
    maxHeaderSize: LARGEST_HEAD,
    signal,
  });
  // Once the reply is there, its own reading tells of a failure.
  request.on("error", () => {});
  request.end();
  const [reply]: IncomingMessage[] = await once(request, "response", { signal });
  if (reply === undefined) throw new Error("no reply");
  return { status: reply.statusCode ?? 0, body: await bodyOf(reply) };
}

async function bodyOf(reply: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of reply) {
    length += chunk.length;
    if (length > LARGEST_REPLY) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

class TooLarge extends Error {}

function faultOf(cause: unknown, socket: TLSSocket, where: string): ValidationFault {
  if (cause instanceof TooLarge) {
    return new ValidationFault("invalid", `the reply of ${where} is larger than any`, cause);
  }
  if (socket.authorizationError) {
    const reason = CERTIFICATE_REASONS[errnoOf(cause) ?? ""] ?? "no trusted authority vouches";
    return new ValidationFault(
      "unreachable",
      `the certificate of ${where} is refused: ${reason}`,
      cause,
    );
  }
  const reason = REASONS[errnoOf(cause) ?? ""];
  if (reason) return new ValidationFault("unreachable", `${where} ${reason}`, cause);
  return new ValidationFault("invalid", `${where} does not answer as it should`, cause);
}

const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is of another host",
};

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "has no address",
  EAI_AGAIN: "cannot be looked up: the name service does not answer",
  EAI_FAIL: "cannot be looked up: the name service fails",
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "ended the connection",
  EPIPE: "ended the connection",
  ETIMEDOUT: "does not answer",
  EHOSTUNREACH: "cannot be reached: no route",
  ENETUNREACH: "cannot be reached: no route",
};
