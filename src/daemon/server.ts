/** The daemon's door: who comes in is named by the kernel, counted, and served. */
import { createServer, type Server, type Socket } from "node:net";
import type { Caller, Countersign } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import type { Ending, Opening } from "../protocol/messages.ts";
import { DaemonConnection, type Limits } from "../wire/connection.ts";
import { toFault } from "../wire/ending.ts";
import { loginOf } from "./accounts.ts";
import { type Admission, Doorkeeper } from "./admission.ts";
import { FAREWELL, RATE } from "./limits.ts";
import { Pace, type Rate } from "./pace.ts";
import { peerOf } from "./peer.ts";
import { serve } from "./serve.ts";

/** Connections that may wait to be let in; the kernel's own bound, somaxconn, is less or equal. */
const BACKLOG = 4_096;
/** Milliseconds until the same fault is logged again. */
const REPORT_AGAIN = 60_000;

export interface ServerOptions {
  readonly limits: Limits;
  readonly admission: Admission;
  /** The true ones when absent. */
  readonly rate?: Rate;
  readonly farewell?: number;
  /** The engine's face for this caller, by the settings now in force. */
  readonly serviceFor: (caller: Caller) => Countersign;
  /** Told of what went wrong inside; never of what a peer sent. */
  readonly log: (line: string) => void;
}

export class DaemonServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #doorkeeper: Doorkeeper;
  readonly #pace: Pace;
  readonly #connections = new Set<DaemonConnection>();
  readonly #underWay = new Set<Promise<void>>();
  #lastReport = { message: "", at: 0 };

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#doorkeeper = new Doorkeeper(options.admission);
    this.#pace = new Pace(options.rate ?? RATE);
    // A client may close its sending side before it has its verdict.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#admit(socket));
  }

  /** Listens on a path, or on a descriptor that systemd has opened. */
  listen(where: { path: string } | { fd: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject).listen({ ...where, backlog: BACKLOG }, resolve);
    });
  }

  /**
   * Takes no more connections, and resolves when those there are have their endings. A person
   * at a prompt is not waited for as long as they like: the next daemon is.
   */
  async stop(): Promise<void> {
    this.#server.close();
    for (const connection of this.#connections) connection.dismiss();
    const leave = (): void => {
      for (const connection of this.#connections) connection.destroy();
    };
    const late = setTimeout(leave, this.#options.farewell ?? FAREWELL);
    await Promise.all(this.#underWay);
    clearTimeout(late);
  }

  #admit(socket: Socket): void {
    let uid: number;
    try {
      uid = peerOf(socket).uid;
    } catch (error) {
      this.#options.log(String(error));
      socket.destroy();
      return;
    }
    if (!this.#doorkeeper.hasRoom(uid)) {
      socket.destroy();
      return;
    }
    let served = Promise.resolve();
    const connection = new DaemonConnection(socket, this.#options.limits, (opening) => {
      served = this.#serve(opening, connection, uid);
      this.#underWay.add(served);
      void served.finally(() => this.#underWay.delete(served));
    });
    this.#doorkeeper.enter(connection, uid);
    this.#connections.add(connection);
    socket.once("close", () => {
      this.#connections.delete(connection);
      // What was asked for counts until it is done: to be hung up on makes no room to ask for more.
      void served.then(() => this.#doorkeeper.leave(connection));
    });
  }

  async #serve(opening: Opening, connection: DaemonConnection, uid: number): Promise<void> {
    const ending = await this.#ending(opening, connection, uid);
    if (ending) connection.finish(ending);
    else connection.destroy();
  }

  async #ending(
    opening: Opening,
    connection: DaemonConnection,
    uid: number,
  ): Promise<Ending | undefined> {
    try {
      await this.#pace.turn(uid);
      // Nobody is there any more to be asked, or told: nothing happens, and nothing is recorded.
      if (connection.socket.destroyed) return undefined;
      const caller = { uid, login: await loginOf(uid), ownsStore: false };
      const service = this.#options.serviceFor(caller);
      return await serve(opening, connection, service, caller, (fault) => this.#report(fault));
    } catch (error) {
      if (!(error instanceof Fault)) {
        const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.#report(new Fault("internal", what), "FAILED");
      }
      return toFault(error);
    }
  }

  /** Not for every login: the log shall not be what fills the disk. */
  #report({ message, hint }: Fault, what = "UNAVAILABLE"): void {
    const at = performance.now();
    if (message === this.#lastReport.message && at - this.#lastReport.at < REPORT_AGAIN) return;
    this.#lastReport = { message, at };
    this.#options.log(`${what}: ${message}`);
    if (hint) this.#options.log(`try: ${hint}`);
  }
}
