/** The product's client, pointed at a stand-in. */

import { parseApiHost } from "../../src/duo/api-host.ts";
import { AuthApi, type Limits } from "../../src/duo/auth-api.ts";
import { DuoFault, type DuoTrouble } from "../../src/duo/duo-fault.ts";
import type { Route } from "../../src/duo/route.ts";
import type { Credentials } from "../../src/duo/signature.ts";
import type { StandIn } from "./stand-in/server.ts";

export interface ClientOptions {
  readonly route?: Partial<Route>;
  readonly credentials?: Partial<Credentials>;
  /** Milliseconds that this host's clock is ahead. */
  readonly clockAhead?: number;
  readonly limits?: Partial<Limits>;
}

/** Enough for any machine that is not stuck. */
const LIMITS: Limits = { request: 20_000, call: 30_000, poll: 20_000 };

export function clientOf(standIn: StandIn, options: ClientOptions = {}): AuthApi {
  const { integrationKey, secretKey } = standIn.application;
  return new AuthApi({
    route: routeTo(standIn, options.route),
    credentials: { integrationKey, secretKey: Buffer.from(secretKey), ...options.credentials },
    clock: { now: () => Date.now() + (options.clockAhead ?? 0) },
    limits: { ...LIMITS, ...options.limits },
  });
}

export function routeTo(standIn: StandIn, route: Partial<Route> = {}): Route {
  return { host: parseApiHost(standIn.host, true), authorities: [standIn.authority], ...route };
}

/** For assert.rejects: a DuoFault of this trouble, whose one printable line matches. */
export function trouble(
  expected: DuoTrouble,
  mayHaveActed: boolean,
  message = /./,
): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof DuoFault)) throw error;
    const seen = `${error.trouble}, ${error.mayHaveActed ? "may have acted" : "did nothing"}`;
    const wanted = `${expected}, ${mayHaveActed ? "may have acted" : "did nothing"}`;
    if (seen !== wanted || !message.test(error.message)) {
      throw new Error(`expected ${wanted}; came ${seen}: ${error.message}`, { cause: error });
    }
    return true;
  };
}
