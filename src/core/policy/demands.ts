/**
 * What may be asked of one user, wherever they log in: for what is decided outside a login, such
 * as whether they may enroll or remove what they have.
 */
import { parseMoment } from "./date.ts";
import { nameFor, type Policy } from "./decide.ts";
import { type Demand, demandOf } from "./outlook.ts";
import type { Rule, Unenrolled } from "./rule.ts";

export interface Person {
  readonly user: string;
  /** Undefined where they could not be looked up. */
  readonly groups: ReadonlySet<string> | undefined;
}

/**
 * The demands of every rule that can decide a login of theirs, and of no rule where that can be.
 * @param now milliseconds since the epoch
 * @param which `to-come`: also of rules that have not begun
 */
export function demandsOn(
  policy: Policy,
  person: Person,
  byDefault: Unenrolled,
  now: number,
  which: "in-force" | "to-come",
): Demand[] {
  const demands: Demand[] = [];
  for (const { rule, from, until } of policy) {
    const isTold = now < until && (which === "to-come" || now >= from);
    if (!isTold || !mayConcern(rule, person)) continue;
    demands.push(demandOf(rule, byDefault, now));
    // It decides every login of theirs: none that follows is reached.
    if (now >= from && takesEvery(rule, person)) return demands;
  }
  return [...demands, demandOf(undefined, byDefault, now)];
}

/** True where it asks for an invitation of who has nothing enrolled, by now or by its date. */
export function asksInvitation({ say, unenrolled }: Demand): boolean {
  return say === "require" && unenrolled === "invite";
}

function mayConcern(rule: Rule, person: Person): boolean {
  const { say, users, groups } = rule;
  const name = nameFor(rule, person.user);
  if (users && !users.some((each) => nameFor(rule, each) === name)) return false;
  if (!groups) return true;
  if (person.groups === undefined) return say === "require";
  const { groups: of } = person;
  return groups.some((group) => of.has(group));
}

/** Nothing of the login itself is looked at, nor anything that is not known. */
function takesEvery(rule: Rule, { groups }: Person): boolean {
  const { services, networks, interactive, until } = rule;
  const isOfLogin = [services, networks, interactive].some((each) => each !== undefined);
  const isTimed = until !== undefined && parseMoment(until) !== undefined;
  return !isOfLogin && !isTimed && (rule.groups === undefined || groups !== undefined);
}
