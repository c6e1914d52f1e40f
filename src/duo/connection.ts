/**
 * The way to Duo: TCP, or a tunnel through the one proxy that was set, then TLS. Nothing is
 * taken from the environment: each connection is made here, so no agent of Node's looks for
 * proxy variables, and every setting that NODE_* could loosen is given.
 */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { errnoOf } from "../core/fault.ts";
import { mistrustOf, outageOf } from "../https/reasons.ts";
import { type ApiHost, authority } from "./api-host.ts";
import { DuoFault } from "./duo-fault.ts";
import type { ProxyAddress, Route } from "./route.ts";

/**
 * @throws DuoFault `unreachable` or `certificate`; nothing of a request has left by then.
 * What `signal` aborts rejects in whatever way.
 */
export async function openConnection(route: Route, signal: AbortSignal): Promise<TLSSocket> {
  const plain = route.proxy
    ? await throughProxy(route.proxy, route.host, signal)
    : await direct(route.host, signal);
  try {
    return await secured(plain, route, signal);
  } catch (error) {
    plain.destroy();
    throw error;
  }
}

async function direct({ name, port }: ApiHost, signal: AbortSignal): Promise<Socket> {
  const socket = tolerant(connect({ host: name, port }));
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw unreachable(name, port, error);
  }
}

async function throughProxy(
  proxy: ProxyAddress,
  host: ApiHost,
  signal: AbortSignal,
): Promise<Socket> {
  const target = `${host.name}:${host.port}`;
  const asked = httpRequest({
    ...proxy,
    method: "CONNECT",
    path: target,
    headers: { Host: target },
    setHost: false,
    // Neither the global agent nor one that reads HTTP_PROXY: a connection of its own.
    createConnection: () => tolerant(connect(proxy)),
  });
  asked.on("error", () => {});
  asked.end();
  // Once the proxy has answered, the socket is no longer the request's to end.
  let tunnel: Socket | undefined;
  try {
    // Whatever the status.
    const [reply, socket, early] = await once(asked, "connect", { signal });
    tunnel = tolerant(socket as Socket);
    const status: number = reply.statusCode;
    if (Math.trunc(status / 100) !== 2) {
      throw new DuoFault("unreachable", `the proxy opens no way to Duo (HTTP status ${status})`, {
        mayHaveActed: false,
        hint: "see what the proxy allows",
      });
    }
    // Whoever speaks before the TLS handshake is not the host at the far end.
    if (early.length > 0) throw new Error("the proxy speaks in the tunnel");
    return tunnel;
  } catch (error) {
    asked.destroy();
    tunnel?.destroy();
    if (error instanceof DuoFault) throw error;
    throw unreachable(proxy.host, proxy.port, error, "the proxy ");
  }
}

async function secured(plain: Socket, route: Route, signal: AbortSignal): Promise<TLSSocket> {
  const { name } = route.host;
  const socket = tolerant(
    connectTls({
      socket: plain,
      host: name,
      // RFC 6066 3: no addresses in server_name. The certificate is held to `host` all the same.
      servername: isIP(name) ? "" : name,
      ca: [...route.authorities],
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
    }),
  );
  try {
    await once(socket, "secureConnect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    if (socket.authorizationError) throw mistrusted(name, error);
    throw unreachable(name, route.host.port, error);
  }
}

/** A socket that fails while nobody waits for it ends; it does not end the process. */
function tolerant<T extends Socket>(socket: T): T {
  return socket.on("error", () => {});
}

function mistrusted(name: string, cause: unknown): DuoFault {
  return new DuoFault(
    "certificate",
    `the certificate of ${name} is refused: ${mistrustOf(cause)}`,
    {
      mayHaveActed: false,
      cause,
    },
  );
}

/** Names of what this host runs out of. */
const SHORTAGES = ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EADDRNOTAVAIL", "EAGAIN", "EPERM"];

/**
 * What kept a connection from standing, or ended it. Only what is listed is out of reach: a fail
 * mode opens by that, and an attacker can bring about what is not.
 * @param whose "the proxy ", where it is not Duo
 */
export function unreachable(
  host: string,
  port: number,
  cause: unknown,
  whose = "",
  mayHaveActed = false,
): DuoFault {
  const errno = errnoOf(cause) ?? "";
  const where = `${whose}${authority({ name: host, port })}`;
  const detail = { mayHaveActed, cause };
  const reason = outageOf(cause);
  if (reason) return new DuoFault("unreachable", `${where} ${reason}`, detail);
  if (SHORTAGES.includes(errno)) {
    return new DuoFault("host", `this host cannot connect to ${where}: ${errno}`, detail);
  }
  return new DuoFault("nonsense", `${where} does not answer as it should`, detail);
}
