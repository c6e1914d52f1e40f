/** Invitations in words and as documents; never with their codes. */
import type { InvitationSummary } from "../../contracts/service.ts";
import { LOCAL } from "../../core/policy/rule.ts";
import { isoTime, isoTimeOrNull } from "../words.ts";

export function invitationDocument(invitation: InvitationSummary): Record<string, unknown> {
  const { id, user, status, host, network, createdBy } = invitation;
  return {
    ...{ id, user, status, host: host ?? null, from: network ?? null, createdBy },
    createdAt: isoTime(invitation.createdAt),
    expiresAt: isoTime(invitation.expiresAt),
    usedAt: isoTimeOrNull(invitation.usedAt),
  };
}

/** Whom it is for, and where. */
export function invitationWords({ user, host, network }: InvitationSummary): string {
  return [user, ...bounds({ host, network })].join(", ");
}

export function bounds({ host, network }: Pick<InvitationSummary, "host" | "network">): string[] {
  const from = network === LOCAL ? "from the host itself" : `from ${network}`;
  return [...(host ? [`on ${host}`] : []), ...(network ? [from] : [])];
}
