/** Lists of users: filtered by the store, a page of it in memory at a time. */
import type { Caller, UserQuery, UserSummary } from "../contracts/service.ts";
import type { AccountOverview, AccountPlace, AccountQuery } from "../contracts/store.ts";
import { Fault } from "../core/fault.ts";
import { printable } from "../core/printable.ts";
import type { EngineParts } from "./parts.ts";
import { may, maySee, type Sight } from "./permission.ts";
import { summarize } from "./summary.ts";

const PAGE = 500;
/** Names that are told to a process as its arguments. */
const SEEN_AT_ONCE = 200;

/** @throws Fault `not-permitted`; `not-found` for a group, or a user to go on after */
export async function* listUsers(
  parts: EngineParts,
  caller: Caller,
  { limit = Number.POSITIVE_INFINITY, ...query }: UserQuery = {},
): AsyncGenerator<UserSummary> {
  const sight = await maySee(parts, caller, query.groups);
  if (sight && query.after !== undefined) await may(parts, caller, "show", query.after);
  if (limit <= 0) return;
  const users = sight
    ? seen(everyUser(parts, { ...query, groups: sight.groups }), sight)
    : everyUser(parts, query);
  let listed = 0;
  for await (const user of users) {
    yield user;
    if (++listed >= limit) return;
  }
}

/** Those that may be seen. Asking the host costs a process: many are asked for by one. */
async function* seen(
  users: AsyncIterable<UserSummary>,
  { among }: Sight,
): AsyncGenerator<UserSummary> {
  let page: UserSummary[] = [];
  const flush = async (): Promise<UserSummary[]> => {
    const asked = page;
    page = [];
    const visible = await among(asked.map(({ user }) => user));
    return asked.filter(({ user }) => visible.has(user));
  };
  for await (const user of users) if (page.push(user) >= SEEN_AT_ONCE) yield* await flush();
  if (page.length > 0) yield* await flush();
}

async function* everyUser(parts: EngineParts, query: UserQuery): AsyncGenerator<UserSummary> {
  const { groups, sort = "name", after, ...filter } = query;
  const asked = { ...filter, order: sort, now: parts.clock.now() };
  if (groups === undefined) yield* inOrder(parts, asked, after);
  else {
    // The host's groups are in memory, however many users the store has.
    const members = await parts.membersOf(groups);
    if (sort === "name") yield* byName(parts, asked, sorted(members), after ?? "");
    else yield* membersInOrder(parts, asked, members, after);
  }
}

async function* inOrder(
  parts: EngineParts,
  query: AccountQuery,
  after: string | undefined,
): AsyncGenerator<UserSummary> {
  let place = after === undefined ? undefined : await placeOf(parts, query, after);
  do {
    const from = place;
    const page = await parts.store.read((view) => view.accounts.page(query, from, PAGE));
    yield* summaries(page.accounts, query.now);
    place = page.next;
  } while (place);
}

async function placeOf(
  { store }: EngineParts,
  { order }: AccountQuery,
  user: string,
): Promise<AccountPlace> {
  const place = await store.read((view) => view.accounts.placeOf(user, order));
  if (place) return place;
  throw new Fault("not-found", `${printable(user)} has no place in this list`, {
    hint: "name the last user of the page before",
  });
}

/** The group may be small and the store large: only its members are looked for. */
async function* byName(
  parts: EngineParts,
  query: AccountQuery,
  members: readonly string[],
  after: string,
): AsyncGenerator<UserSummary> {
  const left = members.slice(members.findLastIndex((name) => compare(name, after) <= 0) + 1);
  for (let at = 0; at < left.length; at += PAGE) {
    const names = left.slice(at, at + PAGE);
    const found = await parts.store.read((view) => view.accounts.among(names, query));
    const absent = await absentees(parts, query, names);
    const users = Map.groupBy(
      [...summaries(found, query.now), ...absent.map(nothingOf)],
      ({ user }) => user,
    );
    yield* names.flatMap((name) => users.get(name) ?? []);
  }
}

/** Of another order; last come those whom the store does not know. */
async function* membersInOrder(
  parts: EngineParts,
  query: AccountQuery,
  members: ReadonlySet<string>,
  after: string | undefined,
): AsyncGenerator<UserSummary> {
  const isKnown =
    after === undefined || (await parts.store.read((view) => view.accounts.find(after)));
  if (isKnown) {
    for await (const user of inOrder(parts, query, after)) if (members.has(user.user)) yield user;
  }
  const names = sorted(members);
  for (let at = 0; at < names.length; at += PAGE) {
    const absent = await absentees(parts, query, names.slice(at, at + PAGE));
    yield* absent.filter((name) => isKnown || compare(name, after ?? "") > 0).map(nothingOf);
  }
}

/** Members who have never been here: they have not enrolled, and there is nothing else of them. */
async function absentees(
  { store }: EngineParts,
  { unenrolled, status = "none", method, order, now }: AccountQuery,
  names: readonly string[],
): Promise<readonly string[]> {
  if (!unenrolled || status !== "none" || method !== undefined) return [];
  const known = await store.read((view) => view.accounts.among(names, { order, now }));
  const found = new Set(known.map(({ user }) => user));
  return names.filter((name) => !found.has(name));
}

function nothingOf(user: string): UserSummary {
  const nothing = { status: "none", methods: [], backupCodesLeft: 0 } as const;
  const unset = { alias: undefined, preferredMethod: undefined, message: undefined };
  return { user, ...nothing, throttledUntil: undefined, ...unset };
}

function* summaries(overviews: readonly AccountOverview[], now: number): Generator<UserSummary> {
  for (const overview of overviews) yield summarize(overview, now);
}

function sorted(names: ReadonlySet<string>): string[] {
  return [...names].toSorted(compare);
}

/** In order of bytes, as the store has them. */
function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
