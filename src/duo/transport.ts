/** One request to Duo on a connection of its own, bounded in time and size. */
import type { TLSSocket } from "node:tls";
import { errnoOf } from "../core/fault.ts";
import { converse, type HttpReply, type HttpsRequest, TooLarge } from "../https/exchange.ts";
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

/** Many times what a user with many devices takes. */
const LARGEST_REPLY = 256 * 1024;

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
    return await converse(socket, asHttps(route, request), LARGEST_REPLY, either);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // Until the handshake is over, Node holds the request back.
    const received = socket !== undefined;
    throw faultOf(error, limit.aborted, route, mayHaveActed(request.effect, received));
  } finally {
    socket?.destroy();
  }
}

function asHttps({ host }: Route, { method, path, headers, body = "" }: HttpRequest): HttpsRequest {
  const content =
    method === "POST"
      ? {
          "Content-Type": "application/x-www-form-urlencoded",
          "Content-Length": String(Buffer.byteLength(body)),
        }
      : {};
  return { method, path, headers: { Host: authority(host), ...headers, ...content }, body };
}

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
