/**
 * One request of HTTP on a connection that is made and secured for it, bounded in size. A redirect
 * is a reply like any other: following it would hand what was signed to whoever is named.
 */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

export interface HttpsRequest {
  readonly method: "GET" | "POST";
  /** With the query. */
  readonly path: string;
  /** The host among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const LARGEST_HEAD = 16 * 1024;

/** A reply of more bytes than were allowed. */
export class TooLarge extends Error {}

/**
 * Rejects once `signal` is aborted; the socket is the caller's to end.
 * @param largest bytes of the reply's body
 * @throws TooLarge, and what Node says of the connection
 */
export async function converse(
  socket: TLSSocket,
  { method, path, headers, body }: HttpsRequest,
  largest: number,
  signal: AbortSignal,
): Promise<HttpReply> {
  const request = httpRequest({
    createConnection: () => socket,
    method,
    path,
    headers: { ...headers, Connection: "close" },
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
  const { statusCode = 0 } = reply;
  return { status: statusCode, headers: reply.headers, body: await bodyOf(reply, largest) };
}

async function bodyOf(reply: IncomingMessage, largest: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of reply) {
    length += chunk.length;
    if (length > largest) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
