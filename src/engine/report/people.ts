/**
 * Everybody whom a report is about: the store's accounts, those whom rules name, and whoever
 * could log in to this host.
 */
import type { AccountOverview, AccountPlace } from "../../contracts/store.ts";
import { isAccount, throttleKey } from "../../core/account.ts";
import { BACKUP_CODE } from "../../core/backup-code.ts";
import { Fault } from "../../core/fault.ts";
import type { Standing } from "../../core/policy/outlook.ts";
import type { EngineParts } from "../parts.ts";
import { enrollableOf } from "../policy.ts";

/** Little enough that a login is not held up by one page. */
const PAGE = 250;

export interface Person {
  readonly user: string;
  /** Undefined for who has never been here. */
  readonly account: AccountOverview | undefined;
  readonly standing: Standing;
}

/** The groups that rules name, and who is in them. */
export interface Membership {
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** Those that the host does not know, or does not tell of. */
  readonly unknown: readonly string[];
}

export async function membershipOf(parts: EngineParts): Promise<Membership> {
  const named = new Set(parts.policy.rules.flatMap(({ rule }) => rule.groups ?? []));
  const [members, unknown] = [new Map<string, ReadonlySet<string>>(), [] as string[]];
  for (const group of named) {
    try {
      members.set(group, await parts.membersOf([group]));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      unknown.push(group);
    }
  }
  return { members, unknown };
}

/** In order of name, those of the store first; a page of them in memory at a time. */
export async function* people(
  parts: EngineParts,
  { members }: Membership,
): AsyncGenerator<readonly Person[]> {
  const named = new Set(
    [
      ...parts.policy.rules.flatMap(({ rule }) => rule.users ?? []),
      ...[...members.values()].flatMap((each) => [...each]),
      // Whom no rule names must pass as well, or as a rule about everybody says.
      ...(await parts.hostLogins()),
    ].filter(isAccount),
  );
  for await (const page of accountPages(parts)) {
    for (const { user } of page) named.delete(user);
    yield page;
  }
  const absent = [...named].toSorted();
  for (let at = 0; at < absent.length; at += PAGE) {
    const users = absent.slice(at, at + PAGE);
    yield await parts.store.read((view) =>
      Promise.all(
        users.map(async (user) => {
          const hasEnrolled = await view.accounts.isAnySpellingEnrolled(throttleKey(user));
          const enrollableIn = enrollableOf(parts);
          const standing = { user, disabled: false, enrolledIn: [], hasEnrolled, enrollableIn };
          return { user, account: undefined, standing };
        }),
      ),
    );
  }
}

/** All accounts with how they stand: told by their rows where a login would ask each method. */
export async function* accountPages(
  parts: EngineParts,
): AsyncGenerator<readonly (Person & { account: AccountOverview })[]> {
  const query = { order: "name", now: parts.clock.now() } as const;
  let place: AccountPlace | undefined;
  do {
    const from = place;
    const { accounts, next } = await parts.store.read(async (view) => {
      const page = await view.accounts.page(query, from, PAGE);
      const persons: (Person & { account: AccountOverview })[] = [];
      for (const account of page.accounts) {
        const { user } = account;
        const isActive = account.authenticators.some(({ status }) => status === "active");
        const hasEnrolled =
          isActive || (await view.accounts.isAnySpellingEnrolled(throttleKey(user)));
        const enrolledIn = methodsOf(parts, account);
        const disabled = account.disabledAt !== undefined || !isAccount(user);
        const enrollableIn = enrollableOf(parts);
        const standing = { user, disabled, enrolledIn, hasEnrolled, enrollableIn };
        persons.push({ user, account, standing });
      }
      return { accounts: persons, next: page.next };
    });
    if (accounts.length > 0) yield accounts;
    place = next;
  } while (place);
}

function methodsOf(
  { methods }: EngineParts,
  { authenticators, backupCodesLeft }: AccountOverview,
): string[] {
  const active = new Set(
    authenticators.filter(({ status }) => status === "active").map(({ method }) => method),
  );
  if (backupCodesLeft > 0) active.add(BACKUP_CODE);
  return methods.map(({ name }) => name).filter((name) => active.has(name));
}
