/** What keeps a message from its way. No fault holds an address, a code, or what a server said. */
import { Fault, type FaultCode } from "../core/fault.ts";

type Trouble = "unreachable" | "refused";

const CODES = {
  /** No connection, no TLS, no answer in time. */
  unreachable: "message-unreachable",
  /** Answered, but not as asked; or a program that failed. */
  refused: "message-refused",
} as const satisfies Record<Trouble, FaultCode>;

export function messageFault(trouble: Trouble, message: string, hint: string): Fault {
  return new Fault(CODES[trouble], message, { hint });
}
