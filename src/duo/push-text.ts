/** What Duo is told of a login: where it comes from, and what the phone shows of it. */
import { isIP } from "node:net";
import type { Origin } from "../contracts/service.ts";
import { printable } from "../core/printable.ts";
import type { Person } from "./auth-api.ts";
import type { PushText } from "./challenge.ts";

/** Longest name of a host (RFC 1035, 2.3.4). */
const HOST_NAME_MAX = 255;

/** @param hostName this host's, where a login without an rhost comes from */
export function personOf(user: string, { rhost = "" }: Origin, hostName: string): Person {
  // The zone of a link-local address means something on this host alone (RFC 4007, 6).
  const [address = ""] = rhost.split("%");
  if (isIP(address) !== 0) return { user, address: unmapped(address) };
  return { user, hostName: printable(rhost, HOST_NAME_MAX) || hostName };
}

/** An IPv4 address that came over an IPv6 socket, as itself: Duo's network policies name that. */
function unmapped(address: string): string {
  if (isIP(address) !== 6) return address;
  const [, host = ""] =
    /^http:\/\/\[::ffff:(.*)\]\/$/.exec(new URL(`http://[${address}]`).href) ?? [];
  const [high, low] = host.split(":").map((group) => Number.parseInt(group, 16));
  if (high === undefined || low === undefined) return address;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** @param user as this host knows them */
export function pushTextOf(user: string, origin: Origin, hostName: string): PushText {
  const { service, rhost, command, tty } = origin;
  const given = Object.entries({ service, host: hostName, from: rhost, command, tty });
  return {
    type: service || "Login",
    displayName: user,
    info: Object.fromEntries(given.flatMap(([name, value]) => (value ? [[name, value]] : []))),
  };
}
