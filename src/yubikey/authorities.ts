/** The authorities that may vouch for validation servers in place of the public ones. */
import { X509Certificate } from "node:crypto";
import { Fault } from "../core/fault.ts";

/**
 * The certificates in a PEM file that takes the place of the public authorities.
 * @throws Fault `settings-invalid`: what TLS would skip without a word is refused
 */
export function parseAuthorities(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = text.split("-----BEGIN ").length - 1;
  if (blocks.length === 0 || blocks.length !== begun || !blocks.every(maySign)) {
    throw new Fault("settings-invalid", "the CA file of the validation servers is no list of CAs", {
      hint: "give a file of CA certificates in PEM, without keys",
    });
  }
  return blocks.map((block) => `${block}\n`);
}

function maySign(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
