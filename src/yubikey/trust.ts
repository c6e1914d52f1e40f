/** Who may vouch for a validation server: the settings say, and nothing in the environment. */
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { parseAuthorities } from "../https/authorities.ts";

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
