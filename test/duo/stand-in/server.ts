/**
 * A stand-in for Duo's Auth API, over TLS under an authority of its own. It takes what Duo
 * would take and nothing else (scrutiny.ts), plays the person with the phone (account.ts),
 * and misbehaves when told to (misbehaviour.ts).
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import { Account } from "./account.ts";
import { type CertificateKind, certificates } from "./certificates.ts";
import { type Misbehaviour, misbehave } from "./misbehaviour.ts";
import { type Application, type Received, Refusal, readRequest, Scrutiny } from "./scrutiny.ts";

export interface StandInOptions {
  readonly certificate?: CertificateKind;
  /** Milliseconds that its clock is ahead. */
  readonly clockAhead?: number;
  readonly application?: Partial<Application>;
}

export const APPLICATION: Application = {
  integrationKey: "DIXXXXXXXXXXXXXXXXXX",
  secretKey: "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
  type: "auth",
};

interface Planned {
  readonly name: Misbehaviour;
  readonly path: string | undefined;
  times: number;
}

const LARGEST_BODY = 64 * 1024;

export class StandIn {
  /** PEM, for the client to trust. */
  readonly authority = certificates().authority;
  readonly application: Application;
  readonly account: Account;
  /** Whatever was asked, refused or not. */
  readonly received: Received[] = [];
  readonly #scrutiny: Scrutiny;
  readonly #server: Server;
  readonly #now: () => number;
  readonly #raw = new Map<number, Socket>();
  readonly #planned: Planned[] = [];

  /** Not listening yet. */
  constructor(options: StandInOptions = {}) {
    this.application = { ...APPLICATION, ...options.application };
    this.#now = () => Date.now() + (options.clockAhead ?? 0);
    this.account = new Account(this.#now);
    this.#scrutiny = new Scrutiny(this.application, this.#now);
    this.#server = createServer(certificates().shown[options.certificate ?? "good"]);
    this.#server.on("connection", (socket: Socket) => this.#keep(socket));
    this.#server.on("tlsClientError", () => {});
    this.#server.on("request", (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** "localhost:PORT" */
  get host(): string {
    return `localhost:${this.port}`;
  }

  get replays(): number {
    return this.#scrutiny.replays;
  }

  /** Open connections, after those that end have had a moment to do so. */
  get connections(): number {
    return this.#raw.size;
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#raw.values()) socket.destroy();
    if (this.#server.listening) await once(this.#server, "close");
  }

  /** From now on, for so many requests, to one path or to all. */
  misbehave(name: Misbehaviour, path?: string, times = Number.POSITIVE_INFINITY): void {
    this.#planned.push({ name, path, times });
  }

  behave(): void {
    this.#planned.length = 0;
  }

  #keep(socket: Socket): void {
    const port = socket.remotePort ?? 0;
    this.#raw.set(port, socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#raw.delete(port));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const body = await bodyOf(request);
    const path = request.url?.split("?")[0] ?? "";
    const planned = this.#planned.find((each) => each.path === undefined || each.path === path);
    const raw = this.#raw.get(request.socket.remotePort ?? 0);
    if (planned && raw) {
      if (--planned.times <= 0) this.#planned.splice(this.#planned.indexOf(planned), 1);
      this.received.push({ method: request.method ?? "", path, parameters: new Map() });
      return misbehave(planned.name, { response, raw, port: this.port });
    }
    // Also sets the Date that the product tells an administrator's clock by.
    response.setHeader("Date", new Date(this.#now()).toUTCString());
    try {
      const content = await this.#respond(request, body);
      reply(response, 200, { stat: "OK", response: content });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, detail } = error;
      const fail = { stat: "FAIL", code, message, ...(detail ? { message_detail: detail } : {}) };
      reply(response, Math.trunc(code / 100), fail);
    }
  }

  async #respond(request: IncomingMessage, body: Buffer): Promise<unknown> {
    const received = readRequest(request, body, this.host);
    this.received.push(received);
    const time = { time: Math.floor(this.#now() / 1000) };
    const called = `${received.method} ${received.path}`;
    if (called === "GET /auth/v2/ping") {
      if (request.headers.authorization) throw new Refusal(40002, "ping is not signed");
      return time;
    }
    this.#scrutiny.judge(request, received);
    if (called === "GET /auth/v2/check") return time;
    if (called === "POST /auth/v2/preauth") return this.account.preauth(received);
    if (called === "POST /auth/v2/auth") return this.account.auth(received);
    if (called === "GET /auth/v2/auth_status") return this.account.authStatus(received);
    if (called === "POST /auth/v2/enroll") return this.account.enroll(received);
    if (called === "POST /auth/v2/enroll_status") return this.account.enrollStatus(received);
    throw new Refusal(40401, "Resource not found");
  }
}

/** Started, and stopped with the test. */
export async function startStandIn(t: TestContext, options?: StandInOptions): Promise<StandIn> {
  const standIn = new StandIn(options);
  await standIn.start();
  t.after(() => standIn.stop());
  return standIn;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LARGEST_BODY) throw new Error("too large a request");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(document));
}
