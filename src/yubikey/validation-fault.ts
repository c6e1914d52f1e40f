/** What can be wrong between here and the validation servers. A refused OTP is no fault. */
import { Fault, type FaultCode } from "../core/fault.ts";

const CODES = {
  /** No address, no route, refused, reset, late, no TLS, a certificate nobody vouches for. */
  unreachable: "yubikey-unreachable",
  /** The server's own trouble: HTTP 5xx, BACKEND_ERROR, NOT_ENOUGH_ANSWERS. */
  "server-error": "yubikey-unreachable",
  /** NO_SUCH_CLIENT, BAD_SIGNATURE, OPERATION_NOT_ALLOWED, MISSING_PARAMETER. */
  refused: "yubikey-refused",
  /** What does not hold: a signature, another OTP or nonce, no reply of the protocol. */
  invalid: "yubikey-invalid",
} as const satisfies Record<string, FaultCode>;

export type ValidationTrouble = keyof typeof CODES;

const CONFIGURE = "countersign yubikey configure --client-id ID";

const HINTS: Readonly<Record<ValidationTrouble, string>> = {
  unreachable:
    "see that this host reaches it: name service, route, firewall; a private CA is named with --ca-file",
  "server-error": "wait, then try again",
  refused: `give client id and API key anew: ${CONFIGURE}`,
  invalid: "see that it is the validation server that is meant, and that the API key is right",
};

export class ValidationFault extends Fault {
  readonly trouble: ValidationTrouble;

  constructor(trouble: ValidationTrouble, message: string, cause?: unknown) {
    super(CODES[trouble], message, { hint: HINTS[trouble], cause });
    this.trouble = trouble;
  }
}
