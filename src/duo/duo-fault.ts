/**
 * What can be wrong between here and Duo. Denials are replies, not faults.
 *
 * Fail mode `safe` hangs on two questions that a message cannot answer: was Duo out of reach
 * (the code `duo-unreachable`), and is it certain that no push went out (`mayHaveActed`).
 */
import { Fault, type FaultCode } from "../core/fault.ts";

const CODES = {
  /** No address, no route, refused, reset, or no TLS. */
  unreachable: "duo-unreachable",
  "timed-out": "duo-unreachable",
  /** The certificate is of another host, has expired, or no pinned authority vouches for it. */
  certificate: "duo-unreachable",
  /** HTTP 5xx. */
  "server-error": "duo-unreachable",
  /** Duo finds this host's time too far from its own. */
  clock: "duo-refused",
  "integration-key": "duo-refused",
  /** The signature does not fit: the secret key is another. */
  "secret-key": "duo-refused",
  /** The keys are good, but not of an Auth API application. */
  "application-type": "duo-refused",
  "rate-limited": "duo-refused",
  /** Any other refusal of the request. */
  request: "duo-refused",
  /** No reply of the Auth API. */
  nonsense: "duo-invalid",
  /** This host could not even try: no descriptor or no memory left. Whoever logs in may be why. */
  host: "duo-invalid",
} as const satisfies Record<string, FaultCode>;

export type DuoTrouble = keyof typeof CODES;

const HINTS: Partial<Record<DuoTrouble, string>> = {
  unreachable: "see that this host reaches Duo: name service, route, firewall, proxy",
  "timed-out": "see that this host reaches Duo: name service, route, firewall, proxy",
  certificate:
    "see that nothing between here and Duo replaces its certificate; a private CA is named with --ca-file",
  clock: "set this host's clock by NTP",
  "integration-key":
    "copy it from the application in Duo's Admin Panel, and give both keys anew: countersign duo configure duo-push",
  "secret-key":
    "copy it from the application in Duo's Admin Panel, and give it anew: countersign duo configure duo-push",
  "application-type":
    "in Duo's Admin Panel, protect an application of the type Auth API, and give its keys: countersign duo configure duo-push",
  "rate-limited": "wait, then try again",
  host: "see what this host has too little of: open files, memory, ports",
  nonsense: "see that the API host is Duo's, with no portal or proxy in between",
};

/** Whether Duo sends a push, calls or enrolls: never, on this request, or on one before it. */
export type Effect = "none" | "now" | "before";

/** @param received false when the request certainly did not reach Duo, or was turned down */
export function mayHaveActed(effect: Effect, received: boolean): boolean {
  return effect === "before" || (effect === "now" && received);
}

export interface DuoFaultDetail {
  /** True when Duo may have sent a push, called, or enrolled somebody. False is certain. */
  readonly mayHaveActed: boolean;
  readonly hint?: string;
  readonly cause?: unknown;
  /** Duo's own number, such as 40103. */
  readonly duoCode?: number;
}

export class DuoFault extends Fault {
  readonly trouble: DuoTrouble;
  readonly mayHaveActed: boolean;
  readonly duoCode: number | undefined;

  constructor(trouble: DuoTrouble, message: string, detail: DuoFaultDetail) {
    const hint = detail.hint ?? HINTS[trouble];
    super(CODES[trouble], message, { cause: detail.cause, ...(hint ? { hint } : {}) });
    this.trouble = trouble;
    this.mayHaveActed = detail.mayHaveActed;
    this.duoCode = detail.duoCode;
  }
}
