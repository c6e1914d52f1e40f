/** What a verification or a call ended in, as the last message of its connection. */
import type { Caller, VerifyOutcome } from "../contracts/service.ts";
import { Fault } from "../core/fault.ts";
import type { Ending } from "../protocol/messages.ts";

const ROOT = 0;

export function toVerdict(outcome: VerifyOutcome, { uid }: Caller): Ending {
  const { verdict, user, method, reason, retryAt, fault, refusal } = outcome;
  const named = { kind: "verdict", verdict, user, method } as const;
  const told = { ...named, retryAt: retryAt?.toString(), refusal };
  // The reason would tell a stranger at the prompt what to try next.
  if (uid !== ROOT) return told;
  return { ...told, reason, message: fault?.message, hint: fault?.hint };
}

export function toFault(error: unknown): Ending {
  if (!(error instanceof Fault)) {
    return { kind: "fault", code: "internal", message: "the daemon failed; its log has more" };
  }
  return { kind: "fault", code: error.code, message: error.message, hint: error.hint };
}
