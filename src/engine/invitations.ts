/** Invitations as administrators make, list and revoke them. A code is told once, to whoever makes it. */
import type {
  Caller,
  InvitationChoice,
  InvitationSummary,
  InvitationTerms,
  NewInvitation,
} from "../contracts/service.ts";
import type { Invitation, Transaction } from "../contracts/store.ts";
import { throttleKey } from "../core/account.ts";
import { invitationCell } from "../core/cells.ts";
import { Fault } from "../core/fault.ts";
import { INVITATION_CODE_LENGTH, invitationCodeFrom } from "../core/invitation-code.ts";
import { parseNetwork } from "../core/policy/network.ts";
import { LOCAL } from "../core/policy/rule.ts";
import { isPrintable, printable } from "../core/printable.ts";
import { hasAnything } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { may, mayAdminister, type Right, toldOf } from "./permission.ts";
import { record } from "./record.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** As long as a setting can say. */
export const LONGEST_INVITATION = 30 * DAY;
/** What has expired is listed for so long. */
const KEPT = 30 * DAY;
const PAGE = 500;
const HOST_MAX = 253;

export async function createInvitation(
  parts: EngineParts,
  caller: Caller,
  user: string,
  terms: InvitationTerms,
): Promise<NewInvitation> {
  const right = await may(parts, caller, "invite", user);
  assertTerms(terms);
  const id = Buffer.from(parts.random(8)).toString("hex");
  const code = invitationCodeFrom(parts.random(INVITATION_CODE_LENGTH));
  const hash = parts.sealer.bind(Buffer.from(code), invitationCell({ id, user }));
  return parts.store.transact(async (tx) => {
    const createdAt = parts.clock.now();
    await mustBeInvitable(tx, user);
    await tx.invitations.sweep(createdAt - KEPT);
    await tx.accounts.ensure(user, throttleKey(user), createdAt);
    const { host, network, lifetime = parts.policy.invitationLifetime } = terms;
    const createdBy = `${caller.uid}:${printable(caller.login)}`;
    const made = { id, user, host, network, createdAt, createdBy, expiresAt: createdAt + lifetime };
    await tx.invitations.add({ ...made, hash });
    await record(tx, parts, caller, {
      action: "invite-create",
      user,
      detail: termsOf(made, right),
    });
    return { ...made, status: "open", usedAt: undefined, code };
  });
}

export async function* listInvitations(
  parts: EngineParts,
  caller: Caller,
  user?: string,
): AsyncGenerator<InvitationSummary> {
  if (user === undefined) mayAdminister(caller);
  else await may(parts, caller, "invite", user);
  const now = parts.clock.now();
  if (user !== undefined) {
    for (const each of await parts.store.read((view) => view.invitations.of(user))) {
      yield summaryOf(each, now);
    }
    return;
  }
  for (let after = ""; ; ) {
    const from = after;
    const page = await parts.store.read((view) => view.invitations.page(from, PAGE));
    for (const each of page) yield summaryOf(each, now);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}

/** @returns how many were open, and are not any more */
export async function revokeInvitations(
  parts: EngineParts,
  caller: Caller,
  { user: named, id }: InvitationChoice,
): Promise<number> {
  const user = named ?? (await parts.store.read((view) => view.invitations.find(id ?? "")))?.user;
  if (user === undefined) {
    // Whose it is, or whether there is one, is told to nobody else.
    mayAdminister(caller);
    throw new Fault("not-found", `there is no invitation ${printable(id ?? "", 32)}`, {
      hint: "countersign invite list",
    });
  }
  const right = await may(parts, caller, "invite", user);
  return parts.store.transact((tx) => withdraw(tx, parts, caller, user, { id, right }));
}

/** Takes back what is open of a user's, and records it where there was any. */
export async function withdraw(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  user: string,
  { id, right }: { readonly id?: string | undefined; readonly right: Right },
): Promise<number> {
  const revoked = await tx.invitations.revoke(user, id);
  const which = id === undefined ? `revoked=${revoked}` : `invitation ${id}`;
  const detail = [which, toldOf(right).detail].filter(Boolean).join(" ");
  if (revoked > 0) await record(tx, parts, caller, { action: "invite-revoke", user, detail });
  return revoked;
}

/** One that is enrolled would keep it until after a reset, in whoever's hands it is by then. */
async function mustBeInvitable(tx: Transaction, user: string): Promise<void> {
  const name = printable(user);
  if ((await tx.accounts.find(user))?.disabledAt !== undefined) {
    throw new Fault("conflict", `${name} is disabled`, { hint: `countersign user enable ${name}` });
  }
  if (!(await hasAnything(tx, user))) return;
  throw new Fault("conflict", `${name} has enrolled already`, {
    hint: `for a lost phone, first: countersign reset ${name}`,
  });
}

/** @throws Fault `usage` */
function assertTerms({ lifetime, host, network }: InvitationTerms): void {
  const refuse = (what: string, hint: string): never => {
    throw new Fault("usage", what, { hint });
  };
  if (lifetime !== undefined && !(lifetime >= MINUTE && lifetime <= LONGEST_INVITATION)) {
    refuse("an invitation is good for a minute at least, and 30 days at most", "--expires 24h");
  }
  const isName = host === undefined || (isPrintable(host) && /^\S+$/.test(host));
  if (!isName || (host ?? "").length > HOST_MAX) {
    refuse("this is no name of a host", "the name that hostname prints there");
  }
  if (network !== undefined && network !== LOCAL && !parseNetwork(network)) {
    refuse("this is no network", `a network such as 10.0.0.0/8 or 2001:db8::/32, or ${LOCAL}`);
  }
}

function termsOf(
  { id, host, network }: Pick<Invitation, "id" | "host" | "network">,
  right: Right,
): string {
  const bounds = [host && `host=${host}`, network && `from=${network}`, toldOf(right).detail];
  return ["invitation", id, ...bounds.filter((each) => each !== undefined)].join(" ");
}

function summaryOf({ hash: _, ...invitation }: Invitation, now: number): InvitationSummary {
  const isOver = now >= invitation.expiresAt;
  const status = invitation.usedAt !== undefined ? "used" : isOver ? "expired" : "open";
  return { ...invitation, status };
}

/** @throws Fault `refused`: whatever the transaction has done by then is undone */
export async function useInvitation(
  tx: Transaction,
  user: string,
  invitation: string | undefined,
  at: number,
): Promise<void> {
  if (invitation !== undefined && !(await tx.invitations.use(invitation, user, at))) {
    throw new Fault(
      "refused",
      "the invitation was used, revoked, or has expired: nothing was changed",
      {
        hint: `an administrator can send another: countersign invite create ${user}`,
      },
    );
  }
  // Others would be good again after a reset, in whoever's hands they are by then.
  await tx.invitations.revoke(user);
}

export function byInvitation(id: string | undefined): { readonly detail?: string } {
  return id === undefined ? {} : { detail: `invitation ${id}` };
}
