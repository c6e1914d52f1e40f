/**
 * One HTTPS request on a connection of its own. Bounded in time and size; a redirect is a
 * reply like any other, for following it would hand the signature to whoever is named.
 */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { errnoOf } from "../core/fault.ts";
import { authority } from "./api-host.ts";
import { openConnection, unreachable } from "./connection.ts";
import { DuoFault, type Effect, mayHaveActed } from "./duo-fault.ts";
import type { Route } from "./route.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST: form-encoded. */
  readonly body?: string;
  readonly effect: Effect;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Many times what a user with many devices takes. */
const LARGEST_REPLY = 256 * 1024;
const LARGEST_HEAD = 16 * 1024;

/**
 * Rejects with the signal's reason once `signal` is aborted.
 * @param milliseconds for all of it, from looking the name up to the last byte
 * @throws DuoFault `unreachable`, `certificate`, `timed-out` or `nonsense`
 */
export async function exchange(
  route: Route,
  request: HttpRequest,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<HttpReply> {
  signal?.throwIfAborted();
  const limit = AbortSignal.timeout(milliseconds);
  const either = signal ? AbortSignal.any([signal, limit]) : limit;
  let socket: TLSSocket | undefined;
  try {
    socket = await openConnection(route, either);
    return await converse(socket, route, request, either);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // Until the handshake is over, Node holds the request back.
    const received = socket !== undefined;
    throw faultOf(error, limit.aborted, route, mayHaveActed(request.effect, received));
  } finally {
    socket?.destroy();
  }
}

async function converse(
  socket: TLSSocket,
  route: Route,
  { method, path, headers, body = "" }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpReply> {
  const content =
    method === "POST"
      ? {
          "Content-Type": "application/x-www-form-urlencoded",
          "Content-Length": String(Buffer.byteLength(body)),
        }
      : {};
  const request = httpRequest({
    createConnection: () => socket,
    method,
    path,
    headers: { Host: authority(route.host), ...headers, ...content, Connection: "close" },
    setHost: false,
    insecureHTTPParser: false,
    maxHeaderSize: LARGEST_HEAD,
    signal,
  });
  // Once the reply is there, its own reading tells of a failure.
  request.on("error", () => {});
  request.end(body);
  const [reply]: IncomingMessage[] = await once(request, "response", { signal });
  if (reply === undefined) throw new Error("no reply");
  return { status: reply.statusCode ?? 0, headers: reply.headers, body: await bodyOf(reply) };
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

function faultOf(cause: unknown, late: boolean, route: Route, acted: boolean): DuoFault {
  const detail = { mayHaveActed: acted, cause };
  const { name, port } = route.host;
  if (late) return new DuoFault("timed-out", `${name} did not answer in time`, detail);
  if (cause instanceof DuoFault)
    return new DuoFault(cause.trouble, cause.message, {
      ...detail,
      ...(cause.hint ? { hint: cause.hint } : {}),
    });
  if (cause instanceof TooLarge) {
    return new DuoFault("nonsense", `the reply of ${name} is larger than any of Duo's`, detail);
  }
  if (errnoOf(cause)?.startsWith("HPE_")) {
    return new DuoFault("nonsense", `${name} does not answer in HTTP`, detail);
  }
  return unreachable(name, port, cause, "", acted);
}
