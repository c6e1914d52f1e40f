/**
 * An invitation, as whoever was invited presents it. It is tried here and used up only with the
 * enrollment that it is for: one that is cut short can be begun anew.
 */
import { timingSafeEqual } from "node:crypto";
import type { Conversation, Ended } from "../contracts/conversation.ts";
import type { Caller, Origin } from "../contracts/service.ts";
import type { Invitation, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { invitationCell } from "../core/cells.ts";
import { invitationBanner } from "../core/enrollment-words.ts";
import { Fault } from "../core/fault.ts";
import { readInvitationCode } from "../core/invitation-code.ts";
import { asksInvitation, demandsOn } from "../core/policy/demands.ts";
import { isIn, parseAddress, parseNetwork } from "../core/policy/network.ts";
import { LOCAL } from "../core/policy/rule.ts";
import type { VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { record } from "./record.ts";

const ROOT = 0;
const TRIES = 3;

/** Why an invitation was not taken, for the log. */
type Refusal = "unknown" | "used" | "expired" | "of another host" | "from elsewhere";

type Judged =
  | { readonly kind: "open"; readonly id: string }
  | { readonly kind: "refused"; readonly why: Refusal }
  | { readonly kind: "throttled"; readonly retryAt: number };

export type Presented =
  | { readonly kind: "open"; readonly id: string }
  | { readonly kind: "refused" }
  | { readonly kind: "throttled"; readonly retryAt: number }
  | { readonly kind: "ended"; readonly by: Ended["kind"] };

/** Whether the origin says where they come from. */
interface Where {
  readonly isKnown: boolean;
}

/** Asks for its code, a few times. Every code is an attempt, counted before it is judged. */
export async function presentInvitation(
  parts: EngineParts,
  request: VerifyRequest,
  conversation: Conversation,
  where: Where,
): Promise<Presented> {
  for (const line of invitationBanner()) await conversation.info(line);
  for (let left = TRIES; left > 0; left--) {
    const reply = await conversation.prompt("Invitation code: ");
    if (reply.kind !== "text") return { kind: "ended", by: reply.kind };
    const judged = await parts.store.transact((tx) => judge(tx, parts, request, where, reply.text));
    if (judged.kind !== "refused") return judged;
    if (left > 1) await conversation.info("That invitation is not good here, or not any more.");
  }
  return { kind: "refused" };
}

/**
 * Asks somebody who has nothing enrolled, and enrolls outside a login, for what a login would.
 * @returns its id; undefined where none is asked for
 * @throws Fault `refused`
 */
export async function demandInvitation(
  parts: EngineParts,
  caller: Caller,
  user: string,
  conversation: Conversation,
): Promise<string | undefined> {
  if (caller.uid === ROOT || caller.ownsStore) return undefined;
  if (!(await isInvitationAsked(parts, user))) return undefined;
  const request = { user, caller, origin: { service: "countersign" } };
  // Where they come from is not known here, and is nobody's word to take.
  const presented = await presentInvitation(parts, request, conversation, { isKnown: false });
  if (presented.kind === "open") return presented.id;
  throw new Fault("refused", "this takes an invitation, and none was accepted", {
    hint: `an administrator can make one: countersign invite create ${user}`,
  });
}

/** By any rule that can decide a login of theirs: else they would enroll where none is asked. */
export async function isInvitationAsked(parts: EngineParts, user: string): Promise<boolean> {
  const { enabled, rules, unenrolled } = parts.policy;
  const isEver = [{ unenrolled }, ...rules.map(({ rule }) => rule)].some(
    (each) => each.unenrolled === "invite",
  );
  // Most hosts ask for none, and are not asked for groups then.
  if (!enabled || !isEver) return false;
  const groups = rules.some(({ rule }) => rule.groups)
    ? await parts.groupsOf(user)
    : new Set<string>();
  const demands = demandsOn(rules, { user, groups }, unenrolled, parts.clock.now(), "to-come");
  return demands.some(asksInvitation);
}

async function judge(
  tx: Transaction,
  parts: EngineParts,
  { user, caller, origin }: VerifyRequest,
  { isKnown }: Where,
  typed: string,
): Promise<Judged> {
  const [key, at] = [throttleKey(user), parts.clock.now()];
  await tx.attempts.sweep(at, parts.policy.throttle);
  const admission = await tx.attempts.count(key, at, parts.policy.throttle);
  if (!admission.admitted) return { kind: "throttled", retryAt: admission.retryAt };
  const found = matching(parts, await tx.invitations.of(user), typed);
  const why =
    found === undefined ? "unknown" : refusalOf(parts, found, isKnown ? origin : undefined, at);
  const told = { user, origin, detail: found ? `invitation ${found.id}` : "" };
  if (found !== undefined && why === undefined) {
    await tx.attempts.forgive(key, parts.policy.throttle);
    await record(tx, parts, caller, { action: "invite-use", ...told });
    return { kind: "open", id: found.id };
  }
  const detail = [told.detail, why].filter(Boolean).join(": ");
  const refused = { verdict: "reject", reason: "wrong-invitation" } as const;
  await record(tx, parts, caller, { action: "invite-use", ...told, ...refused, detail });
  return { kind: "refused", why: why ?? "unknown" };
}

/** The one that was meant, whatever has become of it. */
function matching(
  { sealer }: EngineParts,
  all: readonly Invitation[],
  typed: string,
): Invitation | undefined {
  const code = readInvitationCode(typed);
  if (code === undefined) return undefined;
  const bytes = Buffer.from(code);
  return all.find((each) => {
    const hash = sealer.bind(bytes, invitationCell(each));
    return hash.length === each.hash.length && timingSafeEqual(hash, each.hash);
  });
}

function refusalOf(
  { hostName }: EngineParts,
  { usedAt, expiresAt, host, network }: Invitation,
  origin: Origin | undefined,
  at: number,
): Refusal | undefined {
  if (usedAt !== undefined) return "used";
  if (at >= expiresAt) return "expired";
  if (host !== undefined && host.toLowerCase() !== hostName.toLowerCase()) return "of another host";
  const isThere = network === undefined || (origin !== undefined && isFrom(network, origin.rhost));
  return isThere ? undefined : "from elsewhere";
}

/** What is not known is not from there. */
function isFrom(text: string, rhost = ""): boolean {
  if (text === LOCAL || rhost === "") return text === LOCAL && rhost === "";
  const [network, address] = [parseNetwork(text), parseAddress(rhost)];
  return network !== undefined && address !== undefined && isIn(address, network);
}
