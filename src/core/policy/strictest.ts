/**
 * What the policy may demand of a user, wherever they come from: every service, place and
 * manner that a rule could tell apart is tried by the code that decides a login.
 */
import { throttleKey } from "../account.ts";
import { type Decision, decide, nameFor, type Policy } from "./decide.ts";
import { LOOKED_AT } from "./lock-out.ts";
import { isIn, type Network, parseAddress, parseNetwork } from "./network.ts";
import { LOCAL } from "./rule.ts";

/** As many of each are tried; a policy that tells more apart is looked at in part. */
const SERVICES_MAX = 16;
const PLACES_MAX = 16;

/** A host whose address is not known: it matches what requires, and nothing that exempts. */
const UNKNOWN_HOST = "unknown";
/** Of RFC 5737 and RFC 3849: the first that is in no network of the rules stands for elsewhere. */
const ELSEWHERE = ["192.0.2.1", "2001:db8::1", "198.51.100.1", "203.0.113.1"];
const MANNERS = [undefined, true, false];

/** A login that might be, and the rule that would decide it. */
export interface Possibility {
  readonly service: string;
  readonly decision: Decision | undefined;
}

/** Logins that the policy may tell apart. */
export interface Scenes {
  readonly services: readonly string[];
  /** As PAM_RHOST has them. */
  readonly places: readonly string[];
  /** False where there were more than are tried. */
  readonly isComplete: boolean;
}

export function scenesOf(policy: Policy): Scenes {
  const services = [
    ...new Set([...LOOKED_AT, ...policy.flatMap(({ rule }) => rule.services ?? [])]),
  ];
  const named = [...new Set(policy.flatMap(({ rule }) => rule.networks ?? []))];
  const networks = named.flatMap((text) => (text === LOCAL ? [] : (parseNetwork(text) ?? [])));
  const elsewhere = ELSEWHERE.find((each) => !isInAny(each, networks));
  const within = named.flatMap((text) => (text === LOCAL ? [] : (text.split("/", 1)[0] ?? [])));
  const behind = networks.flatMap((each) => firstBehind(each, networks) ?? []);
  const tried = [UNKNOWN_HOST, "", ...(elsewhere ? [elsewhere] : []), ...within, ...behind];
  const places = [...new Set(tried)];
  return {
    services: services.slice(0, SERVICES_MAX),
    places: places.slice(0, PLACES_MAX),
    isComplete: services.length <= SERVICES_MAX && places.length <= PLACES_MAX,
  };
}

/** The rules by whom they are about, as far as names and groups tell. */
export class Concerns {
  readonly #policy: Policy;
  readonly #everyone: readonly number[];
  readonly #byUser: ReadonlyMap<string, readonly number[]>;
  readonly #byGroup: ReadonlyMap<string, readonly number[]>;

  constructor(policy: Policy) {
    this.#policy = policy;
    const [everyone, byUser, byGroup] = [[] as number[], new Places(), new Places()];
    for (const [index, { users, groups }] of policy.entries()) {
      if (users) byUser.add(users, index);
      else if (groups) byGroup.add(groups, index);
      else everyone.push(index);
    }
    this.#everyone = everyone;
    this.#byUser = byUser;
    this.#byGroup = byGroup;
  }

  /**
   * The places of the rules that are about this user and not about everybody: to who has the
   * same, the same happens.
   * @param groups undefined where they cannot be looked up
   */
  of(user: string, groups: ReadonlySet<string> | undefined): readonly number[] {
    const names = new Set([user, throttleKey(user)]);
    const about = [...names]
      .flatMap((name) => this.#byUser.get(name) ?? [])
      .toSorted((a, b) => a - b);
    const named = about.filter((index) => {
      const { rule, users, groups: wanted } = this.#policy[index] ?? {};
      if (!rule || !users?.has(nameFor(rule, user))) return false;
      return !wanted || !groups || wanted.some((group) => groups.has(group));
    });
    const among = groups ?? this.#byGroup.keys();
    const through = [...among].flatMap((group) => this.#byGroup.get(group) ?? []);
    return [...new Set([...named, ...through])];
  }

  /** The same, and those about everybody, in the order of the rules. */
  with(places: readonly number[]): readonly number[] {
    return [...this.#everyone, ...places].toSorted((one, other) => one - other);
  }
}

class Places extends Map<string, number[]> {
  add(names: Iterable<string>, index: number): void {
    for (const name of names) {
      const places = this.get(name);
      if (places) places.push(index);
      else this.set(name, [index]);
    }
  }
}

/**
 * Every way in which a login of this user can be decided.
 * @param places of the rules that concern them: no other can match
 * @param now milliseconds since the epoch
 */
export function possibilities(
  policy: Policy,
  places: readonly number[],
  scenes: Scenes,
  user: string,
  groups: ReadonlySet<string> | undefined,
  now: number,
): Possibility[] {
  const own = places.flatMap((index) => policy[index] ?? []);
  return scenes.services.flatMap((service) => {
    const found = new Map<number | undefined, Possibility>();
    for (const rhost of scenes.places) {
      for (const interactive of MANNERS) {
        const decided = decide(own, { user, groups, service, rhost, interactive }, now);
        const index = decided && places[decided.index];
        const decision = decided && index !== undefined ? { index, rule: decided.rule } : undefined;
        found.set(index, { service, decision });
      }
    }
    return [...found.values()];
  });
}

/**
 * The first address behind a network, where another holds that: of one that lies in a wider one,
 * perhaps at its beginning, this is where the wider one alone is left.
 */
function firstBehind({ address, bits }: Network, networks: readonly Network[]): string | undefined {
  const first = BigInt(`0x${Buffer.from(address).toString("hex")}`);
  const next = (first + (1n << BigInt(128 - bits))).toString(16).padStart(32, "0");
  const text = next.match(/.{4}/g)?.join(":") ?? "";
  return next.length === 32 && isInAny(text, networks) ? text : undefined;
}

function isInAny(text: string, networks: readonly Network[]): boolean {
  const address = parseAddress(text);
  return address !== undefined && networks.some((network) => isIn(address, network));
}
