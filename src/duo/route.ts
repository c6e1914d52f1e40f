/** Where Duo is, who may vouch for it, and which way leads there: all of it settings. */
import type { ApiHost } from "./api-host.ts";
import { DUO_ROOTS } from "./roots.ts";

/** An HTTP proxy that tunnels (CONNECT, RFC 9110 9.3.6). */
export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
}

export interface Route {
  readonly host: ApiHost;
  /** The roots that may vouch for the host, in PEM. No others may. */
  readonly authorities: readonly string[];
  readonly proxy?: ProxyAddress;
}

/** The route that Duo's own pinned roots vouch for. */
export function duoRoute(host: ApiHost): Route {
  return { host, authorities: DUO_ROOTS };
}
