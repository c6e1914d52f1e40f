/** Who may vouch for a validation server: the settings say, and nothing in the environment. */
import { X509Certificate } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Fault } from "../core/fault.ts";

/** The last one made: reading the public authorities takes longer than asking a server. */
let made: { readonly pem: string | undefined; readonly context: SecureContext } | undefined;

/**
 * @param pem the only authorities that count; undefined: those that Node.js brings
 * @throws Fault `settings-invalid`
 */
export function trusting(pem: string | undefined): SecureContext {
  if (made && made.pem === pem) return made.context;
  const ca = pem === undefined ? [...rootCertificates] : parseAuthorities(pem);
  made = { pem, context: createSecureContext({ ca, minVersion: "TLSv1.2" }) };
  return made.context;
}

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
