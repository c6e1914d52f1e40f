/** Where Duo is, who may vouch for it, and which way leads there: all of it settings. */
import { X509Certificate } from "node:crypto";
import { Fault } from "../core/fault.ts";
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

/**
 * The certificates in a PEM file that takes the place of Duo's roots.
 * @throws Fault `settings-invalid`: what TLS would skip without a word is refused
 */
export function parseAuthorities(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = text.split("-----BEGIN ").length - 1;
  if (blocks.length === 0 || blocks.length !== begun) throw noAuthorities();
  for (const block of blocks) {
    if (!certificateIn(block).ca) throw noAuthorities("it holds a certificate that may not sign");
  }
  return blocks.map((block) => `${block}\n`);
}

/** When the first of them expires, in milliseconds since the epoch. */
export function firstExpiry(authorities: readonly string[]): number {
  return Math.min(...authorities.map((pem) => Date.parse(certificateIn(pem).validTo)));
}

function certificateIn(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw noAuthorities("it holds a certificate that cannot be read", cause);
  }
}

function noAuthorities(reason = "it holds other things, or none", cause?: unknown): Fault {
  return new Fault("settings-invalid", `the CA file is not a list of authorities: ${reason}`, {
    hint: "give a file of CA certificates in PEM, without keys",
    cause,
  });
}
