/** Who must pass and cannot, and whom rules let pass, by the code that decides logins. */
import type { ReportFinding } from "../../contracts/report.ts";
import { couldPass, demandOf, type Outlook, outlook } from "../../core/policy/outlook.ts";
import { statesOf } from "../../core/policy/state.ts";
import {
  Concerns,
  type Possibility,
  possibilities,
  type Scenes,
  scenesOf,
} from "../../core/policy/strictest.ts";
import type { EngineParts } from "../parts.ts";
import type { Membership, Person } from "./people.ts";

export class Demands {
  readonly #parts: EngineParts;
  readonly #membership: Membership;
  readonly #now: number;
  /** By the rules that are about a user. */
  readonly #known = new Map<string, readonly Possibility[]>();
  readonly #passed = new Map<number, number>();
  readonly #namesGroups: boolean;
  #hostUsers: ReadonlySet<string> | undefined;
  readonly #concerns: Concerns;
  readonly scenes: Scenes;

  constructor(parts: EngineParts, membership: Membership, now: number) {
    const { rules } = parts.policy;
    this.#parts = parts;
    this.#membership = membership;
    this.#now = now;
    this.#concerns = new Concerns(rules);
    this.#namesGroups = rules.some(({ groups }) => groups !== undefined);
    this.scenes = scenesOf(rules);
  }

  /**
   * Those who are no users of this host: asked for where it may matter, and of whom it is told.
   * Their groups are not known either.
   */
  async unknownAmong(persons: readonly Person[]): Promise<ReadonlySet<string>> {
    const matters = (person: Person) =>
      this.#namesGroups || this.lacking(person, true) !== undefined;
    // To look one up may take reading through all of them.
    this.#hostUsers ??= await this.#parts.hostUsers();
    const told = this.#hostUsers;
    const users = persons.filter(matters).flatMap(({ user }) => (told.has(user) ? [] : user));
    return new Set(users.length === 0 ? [] : await this.#parts.unknownUsers(users));
  }

  /** The finding, if the user must pass somewhere and has nothing enrolled that counts there. */
  lacking({ user, standing }: Person, isKnown: boolean): ReportFinding | undefined {
    const possible = this.#possibilities(user, isKnown);
    const spared = new Set(possible.filter(isSpared).map(({ service }) => service));
    const lacking = possible.flatMap(({ service, decision }) => {
      const demand = demandOf(decision?.rule, this.#parts.policy.unenrolled, this.#now);
      const told = outlook(demand, standing);
      // Who is let in from where they were meant to be, and refused elsewhere, need not enroll.
      if (!couldPass(told) && spared.has(service)) return [];
      return told in WORDS ? [{ service, decision, told }] : [];
    });
    const [first] = lacking;
    if (!first) return undefined;
    // Of several rules the first in the list is named, with the services that it is about.
    const worst = lacking.filter(({ decision }) => decision?.index === first.decision?.index);
    const services = [...new Set(worst.map(({ service }) => service))];
    const rule = first.decision ? { rule: first.decision.index + 1 } : {};
    const detail = `${WORDS[first.told]} at ${services.slice(0, NAMED).join(", ")}${
      services.length > NAMED ? ", ..." : ""
    }${isKnown ? "" : "; no user of this host"}`;
    // Until the date of its rule, nobody who waits goes against it.
    const violation = lacking.some(({ told }) => told !== "reminded");
    return { kind: "unenrolled", violation, user, ...rule, detail };
  }

  /** The rules that exempt and are not over; those without an end are what nobody looks at again. */
  *exemptions(): Generator<ReportFinding> {
    const rules = this.#parts.policy.rules.map(({ rule }) => rule);
    for (const { index, rule, time, isOpenEnded } of statesOf(rules, this.#now)) {
      if (rule.say !== "exempt" || time === "over") continue;
      const end = rule.until === undefined ? "without end" : `until ${rule.until}`;
      yield {
        ...{ kind: "exempt", violation: isOpenEnded, rule: index + 1 },
        count: this.#passed.get(index) ?? 0,
        detail: `${time === "not-yet" ? `from ${rule.from} on, ` : ""}${end}`,
      };
    }
  }

  #possibilities(user: string, isKnown: boolean): readonly Possibility[] {
    const { rules } = this.#parts.policy;
    const groups = isKnown ? this.#groupsOf(user) : undefined;
    const own = this.#concerns.of(user, groups);
    const key = `${isKnown} ${own.join()}`;
    const known = this.#known.get(key);
    if (known) return known;
    const places = this.#concerns.with(own);
    const found = possibilities(rules, places, this.scenes, user, groups, this.#now);
    this.#known.set(key, found);
    return found;
  }

  /** Only those that rules name: no other decides anything. */
  #groupsOf(user: string): ReadonlySet<string> {
    const { members } = this.#membership;
    return new Set([...members.keys()].filter((group) => members.get(group)?.has(user)));
  }

  countPassed({ user }: Person, isKnown: boolean): void {
    const possible = this.#possibilities(user, isKnown);
    const passing = possible.flatMap(({ decision }) =>
      decision?.rule.say === "exempt" ? decision.index : [],
    );
    for (const index of new Set(passing)) {
      this.#passed.set(index, (this.#passed.get(index) ?? 0) + 1);
    }
  }
}

/** Exempt by a rule that is about them, not about everybody. */
function isSpared({ decision }: Possibility): boolean {
  const rule = decision?.rule;
  return rule?.say === "exempt" && (rule.users ?? rule.groups) !== undefined;
}

/** Services that are named in one finding. */
const NAMED = 8;

const WORDS: Readonly<Partial<Record<Outlook, string>>> = {
  unenrolled: "refused",
  "let-in": "let in without a code",
  reminded: "let in with a reminder",
  enroll: "to be set up in the login",
  invite: "to be invited",
};
