/** What is asked of whoever enrolls, by any method, before anything else is. */
import type { Conversation } from "../contracts/conversation.ts";
import type { Caller } from "../contracts/service.ts";
import { demandFreshCode } from "./fresh-code.ts";
import type { EngineParts } from "./parts.ts";
import { demandInvitation } from "./present-invitation.ts";

export interface Leave {
  /** False where there was nothing to ask a code of. */
  readonly isProven: boolean;
  readonly invitation: string | undefined;
}

/** A code of what they have, or an invitation where they have nothing. @throws Fault `refused` */
export async function demandLeave(
  parts: EngineParts,
  caller: Caller,
  user: string,
  conversation: Conversation,
): Promise<Leave> {
  const isProven = await demandFreshCode(parts, caller, user, conversation);
  const invitation = isProven
    ? undefined
    : await demandInvitation(parts, caller, user, conversation);
  return { isProven, invitation };
}

/** The host's own words to whoever enrolls. */
export async function sayBanner(
  { policy }: Pick<EngineParts, "policy">,
  conversation: Conversation,
): Promise<void> {
  const { banner } = policy.texts;
  if (banner !== undefined) await conversation.info(banner);
}
