/** The way to the Duo that an application's settings name. */
import { Fault } from "../core/fault.ts";
import { parseAuthorities } from "../https/authorities.ts";
import { parseApiHost } from "./api-host.ts";
import type { DuoApplication } from "./application.ts";
import { duoRoute, type ProxyAddress, type Route } from "./route.ts";

const LAST_PORT = 65_535;

/** @throws Fault `settings-invalid`, or of a `file-…` code: this is not Duo's doing */
export function routeOf({ apiHost, anyHost, authorities, proxy }: DuoApplication): Route {
  const own = authorities();
  const route = duoRoute(parseApiHost(apiHost, anyHost));
  return {
    ...route,
    ...(own === undefined ? {} : { authorities: parseAuthorities(own) }),
    ...(proxy === undefined ? {} : { proxy: parseProxy(proxy) }),
  };
}

function parseProxy(text: string): ProxyAddress {
  const { host = "", port = "" } = /^(?<host>[^:]+):(?<port>[1-9][0-9]*)$/.exec(text)?.groups ?? {};
  if (host !== "" && Number(port) <= LAST_PORT) return { host, port: Number(port) };
  throw new Fault("settings-invalid", "the proxy on the way to Duo is not HOST:PORT", {
    hint: "countersign config set duo.proxy",
  });
}
