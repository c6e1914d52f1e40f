/**
 * Waits on this machine's own localhost for the browser that Duo sends back. Whoever can
 * reach the port may ask, any page in the browser included: so an exact Host (a name that
 * was rebound to 127.0.0.1 has its own), an exact path, GET only, and the attempt's state.
 * What was asked is never logged: the code is in it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Reply } from "../contracts/conversation.ts";
import { errnoOf, Fault } from "../core/fault.ts";
import {
  CALLBACK_PATH,
  callbackUri,
  HIGHEST_PORT,
  LOWEST_PORT,
  readRedirect,
  sameSecret,
} from "../core/redirect.ts";
import { NOTHING_PAGE, PAGE_HEADERS, RECEIVED_PAGE, REFUSED_PAGE } from "./callback-page.ts";

/** Milliseconds: as long as an attempt lives. */
const PATIENCE = 5 * 60_000;

/** Milliseconds that the browser has to fetch the page, once its answer is here. */
const LINGER = 3_000;

/** The clean address: what stays in the browser's history has no code in it. */
const RECEIVED_PATH = "/received";

/** A stranger's connections must not hold the port against the browser. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const CONNECTIONS = 256;

/** Tries to find a port that is free on both addresses. */
const TRIES = 10;

/** One name, two addresses: which of them a browser tries first is its own affair. */
const IPV4 = "127.0.0.1";
const IPV6 = "::1";
const NO_IPV6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

export interface WaitOptions {
  /** Gives up; the reply is then `cancelled`. */
  readonly signal?: AbortSignal;
  /** Milliseconds; the reply is then `timed-out`. */
  readonly timeout?: number;
}

/**
 * Opens the port; it answers 400 until `wait` says which state counts.
 * @param port from 1024 on; 0 for any that is free
 * @throws Fault `usage`, `conflict` for a port that is taken
 */
export async function listenForCallback(port = 0): Promise<CallbackServer> {
  if (port !== 0 && !(Number.isInteger(port) && port >= LOWEST_PORT && port <= HIGHEST_PORT)) {
    throw new Fault("usage", `a callback port is from ${LOWEST_PORT} to ${HIGHEST_PORT}`);
  }
  for (let left = port === 0 ? TRIES : 1; ; left -= 1) {
    const server = new CallbackServer();
    try {
      await server.open(port);
      return server;
    } catch (error) {
      await server.close();
      if (errnoOf(error) !== "EADDRINUSE" || left === 1) throw portFault(port, error);
    }
  }
}

export class CallbackServer {
  readonly #servers: Server[] = [];
  #port = 0;
  #state: string | undefined;
  /** The query that was taken; there is no state for another then. */
  #taken: string | undefined;
  #settle: (reply: Reply) => void = () => undefined;
  #lingering: NodeJS.Timeout | undefined;

  /** What Duo is to send the browser to. */
  get redirectUri(): string {
    return callbackUri(this.#port);
  }

  /** For `listenForCallback`. */
  async open(port: number): Promise<void> {
    this.#port = await this.#listen(IPV4, port);
    try {
      await this.#listen(IPV6, this.#port);
    } catch (error) {
      // Taken on ::1 alone is taken: the browser could hand the code to whoever took it.
      if (!NO_IPV6.includes(errnoOf(error) ?? "")) throw error;
    }
  }

  /** Keeps no process from ending, until a redirect is here: the browser is to have its page. */
  unref(): void {
    for (const server of this.#servers) server.unref();
  }

  /**
   * Waits for the first redirect that carries this state. Whatever comes of it, the port is
   * closed then; after a redirect as soon as the browser has its page: `close` waits for that.
   * @returns the address that the browser ended at, as a person would paste it
   */
  async wait(state: string, { signal, timeout = PATIENCE }: WaitOptions = {}): Promise<Reply> {
    this.#state = state;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#settle = resolve;
    const cancel = (): void => resolve({ kind: "cancelled" });
    // The open port keeps the process; where that does not, this shall not.
    const timer = setTimeout(() => resolve({ kind: "timed-out" }), timeout).unref();
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      const reply = await promise;
      if (reply.kind !== "text") this.#shut();
      return reply;
    } finally {
      this.#state = undefined;
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Closes the port, after the browser had its page where one came: 3 seconds at most. */
  async close(): Promise<void> {
    if (this.#lingering === undefined) this.#shut();
    await Promise.all(this.#servers.map(closed));
  }

  async #listen(host: string, port: number): Promise<number> {
    const server = createServer(LIMITS, (request, response) => this.#answer(request, response));
    server.maxConnections = CONNECTIONS;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: true, exclusive: true }, resolve);
    await promise;
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = "", ...rest] = (request.url ?? "").split("?");
    const hosts = request.headersDistinct.host ?? [];
    if (hosts.length !== 1 || hosts[0] !== `localhost:${this.#port}`) {
      send(response, 400, REFUSED_PAGE);
    } else if (request.method !== "GET") {
      send(response, 405, NOTHING_PAGE, { Allow: "GET" });
    } else if (path === CALLBACK_PATH) {
      this.#receive(rest.join("?"), response);
    } else if (path === RECEIVED_PATH && rest.length === 0 && this.#taken !== undefined) {
      response.once("close", () => this.#shut());
      send(response, 200, RECEIVED_PAGE);
    } else {
      send(response, 404, NOTHING_PAGE);
    }
  }

  #receive(query: string, response: ServerResponse): void {
    // A browser may ask twice for one address, and must not be told two things.
    const isTaken = query === this.#taken || this.#take(query);
    if (isTaken) send(response, 303, "", { Location: RECEIVED_PATH });
    else send(response, 400, REFUSED_PAGE);
  }

  #take(query: string): boolean {
    const redirect = readRedirect(query);
    if (!redirect || this.#state === undefined) return false;
    if (!sameSecret(redirect.state, this.#state)) return false;
    this.#state = undefined;
    this.#taken = query;
    this.#lingering = setTimeout(() => this.#shut(), LINGER);
    this.#settle({ kind: "text", text: `${this.redirectUri}?${query}` });
    return true;
  }

  #shut(): void {
    clearTimeout(this.#lingering);
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...PAGE_HEADERS, Connection: "close", ...headers }).end(body);
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise((resolve) => server.once("close", resolve));
}

function portFault(port: number, cause: unknown): Fault {
  const errno = errnoOf(cause) ?? "no reason given";
  if (errno === "EADDRINUSE" && port !== 0) {
    return new Fault("conflict", `port ${port} is taken on this machine`, {
      hint: `end what listens there (ss -ltnp sport = :${port}), or choose another port`,
      cause,
    });
  }
  return new Fault("conflict", `cannot listen on localhost: ${errno}`, { cause });
}
