/**
 * Grace tickets. An accepted answer makes one where the deciding rule says so, and lets in
 * whoever comes again from the very same place while it lasts. A ticket never makes another.
 */
import type { Caller, GraceSummary, VerifyOutcome } from "../contracts/service.ts";
import type { GraceTicket, Transaction } from "../contracts/store.ts";
import { graceTicketCell } from "../core/cells.ts";
import { type GracePlace, gracePlace } from "../core/grace.ts";
import { printable } from "../core/printable.ts";
import type { VerifyRequest } from "./judge.ts";
import { barredBy } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { mayActOn, mayAdminister } from "./permission.ts";
import { record } from "./record.ts";

const ROOT = 0;
const PAGE = 500;

/** Where the request comes from, by the word of PAM; any other caller could say what they like. */
function placeOf({ caller, origin, grace }: VerifyRequest): GracePlace | undefined {
  return grace === undefined || caller.uid !== ROOT ? undefined : gracePlace(origin);
}

/** What is let in by a ticket, recorded as such; undefined where there is none. */
export async function passByTicket(
  parts: EngineParts,
  request: VerifyRequest,
): Promise<VerifyOutcome | undefined> {
  const place = placeOf(request);
  if (!place) return undefined;
  return parts.store.transact((tx) => useTicket(tx, parts, request, place));
}

async function useTicket(
  tx: Transaction,
  parts: EngineParts,
  { user, origin, caller, grace = 0 }: VerifyRequest,
  place: GracePlace,
): Promise<VerifyOutcome | undefined> {
  if (await barredBy(tx, user)) return undefined;
  const ticket = await tx.graceTickets.use({
    ...{ user, ...place, ...moment(parts), grace },
    methods: parts.methods.map(({ name }) => name),
  });
  // A row that somebody wrote who does not hold the key.
  if (!ticket || !sealOf(parts, ticket).equals(ticket.seal)) return undefined;
  const told = { user: printable(user), verdict: "accept", reason: "grace-ticket" } as const;
  const detail = `${ticket.method} at ${new Date(ticket.createdAt).toISOString()}`;
  await record(tx, parts, caller, { action: "verify", ...told, user, origin, detail });
  return told;
}

/** Until when; undefined where there is to be none. In the transaction of what was accepted. */
export async function issueTicket(
  tx: Transaction,
  parts: EngineParts,
  request: VerifyRequest,
  method: string | undefined,
): Promise<number | undefined> {
  const { user, origin, grace = 0 } = request;
  const place = placeOf(request);
  if (!place || method === undefined) return undefined;
  const { now, uptime } = moment(parts);
  const bare = {
    ...{ user, ...place, method, uptime },
    ...{ service: printable(origin.service ?? ""), createdAt: now, expiresAt: now + grace },
  };
  await tx.graceTickets.add({ ...bare, seal: sealOf(parts, bare) }, parts.policy.graceLimit);
  return bare.expiresAt;
}

/** All, or one user's; those of an earlier boot left out. */
export async function* listTickets(
  parts: EngineParts,
  caller: Caller,
  user: string | undefined,
): AsyncGenerator<GraceSummary> {
  demandOwn(caller, user);
  for (let after: GraceTicket | undefined; ; ) {
    const from = after;
    const page = await parts.store.read((view) =>
      view.graceTickets.page({ user, ...moment(parts) }, from, PAGE),
    );
    for (const ticket of page) yield summarize(ticket);
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** Ends all, or one user's; how many. */
export async function revokeTickets(
  parts: EngineParts,
  caller: Caller,
  user: string | undefined,
): Promise<number> {
  demandOwn(caller, user);
  return parts.store.transact(async (tx) => {
    const ended = await tx.graceTickets.end(user, moment(parts));
    const told = { ...(user === undefined ? {} : { user }), detail: `ended=${ended}` };
    if (ended > 0) await record(tx, parts, caller, { action: "session-revoke", ...told });
    return ended;
  });
}

/** @throws Fault `not-permitted` */
function demandOwn(caller: Caller, user: string | undefined): void {
  if (user === undefined) mayAdminister(caller);
  else mayActOn(caller, user);
}

function moment({ clock, uptime }: EngineParts): { now: number; uptime: number } {
  return { now: clock.now(), uptime: uptime() };
}

function sealOf({ sealer }: EngineParts, ticket: Omit<GraceTicket, "seal">): Buffer {
  const { user, tty, rhost, ruser, session, service, method } = ticket;
  const words = [service, method, ticket.createdAt, ticket.expiresAt, ticket.uptime];
  const cell = graceTicketCell([user, tty, rhost, ruser, session]);
  return sealer.bind(Buffer.from(JSON.stringify(words)), cell);
}

function summarize(ticket: GraceTicket): GraceSummary {
  const { user, tty, rhost, service, method, createdAt, expiresAt } = ticket;
  return { user, tty, rhost, service, method, since: createdAt, until: expiresAt };
}
