/** Files of authorities that may vouch for a service in place of others. */
import { X509Certificate } from "node:crypto";
import { Fault } from "../core/fault.ts";

/**
 * The certificates in a PEM file that takes the place of a service's own authorities, or of the
 * public ones.
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
