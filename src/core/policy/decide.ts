/**
 * Which rule decides a login. Pure, and the only code that says so: a verdict and
 * `policy explain` both ask here.
 *
 * What is not known of a login counts against it: a `require` rule takes it to match, an
 * `exempt` rule does not. So a host's name in place of an address, or a group that could not be
 * looked up, lets nobody pass. Neither does another spelling of a name: a directory that does not
 * mind case takes `ALICE` for alice, so a `require` rule takes it for alice's, and an `exempt`
 * rule does not.
 */
import { throttleKey } from "../account.ts";
import { parseMoment } from "./date.ts";
import { type Address, isIn, type Network, parseAddress, parseNetwork } from "./network.ts";
import { LOCAL, type Rule } from "./rule.ts";

/** Who logs in, where and from where. */
export interface Subject {
  readonly user: string;
  /** Undefined where they could not be looked up. */
  readonly groups: ReadonlySet<string> | undefined;
  readonly service: string | undefined;
  /** As PAM_RHOST has it; undefined or empty for a login that comes from no other host. */
  readonly rhost: string | undefined;
  /** Undefined where it cannot be told. */
  readonly interactive: boolean | undefined;
}

/** A condition of a rule that does not hold. */
export type Mismatch =
  | "user"
  | "group"
  | "service"
  | "network"
  | "interactive"
  | "not-yet"
  | "over";

/** Rules made ready: what is slow to read is read once. */
export type Policy = readonly CompiledRule[];

interface CompiledRule {
  readonly rule: Rule;
  /** Of a `require` rule what their spellings share, of an `exempt` rule their very names. */
  readonly users: ReadonlySet<string> | undefined;
  readonly groups: readonly string[] | undefined;
  readonly services: ReadonlySet<string> | undefined;
  readonly networks: readonly Network[] | undefined;
  readonly local: boolean;
  readonly from: number;
  readonly until: number;
}

/** A value of a rule that cannot be read. */
export class InvalidRule extends Error {
  /** Of the rule in the list. */
  readonly index: number;
  /** Dotted, within the rule: `networks.0`. */
  readonly place: string;

  constructor(index: number, place: string, problem: string) {
    super(problem);
    this.index = index;
    this.place = place;
  }
}

/** @throws InvalidRule */
export function compile(rules: readonly Rule[]): Policy {
  return rules.map((rule, index) => ({
    rule: withReadableBy(rule, index),
    users: rule.users && new Set(rule.users.map((user) => nameFor(rule, user))),
    groups: rule.groups,
    services: rule.services && new Set(rule.services),
    networks: rule.networks && readNetworks(rule.networks, index),
    local: rule.networks?.includes(LOCAL) === true,
    from: moment(rule, index, "from", Number.NEGATIVE_INFINITY),
    until: moment(rule, index, "until", Number.POSITIVE_INFINITY),
  }));
}

export interface Decision {
  /** Of the rule in the list, from 0 on. */
  readonly index: number;
  readonly rule: Rule;
}

/** The first rule that matches; undefined where none does. @param now milliseconds since the epoch */
export function decide(policy: Policy, subject: Subject, now: number): Decision | undefined {
  const login = loginOf(subject);
  const index = policy.findIndex((each) => mismatch(each, login, now) === undefined);
  const found = policy[index];
  return found && { index, rule: found.rule };
}

/** Why each rule before the deciding one does not match, and which one decides. */
export function explain(
  policy: Policy,
  subject: Subject,
  now: number,
): { readonly passed: readonly Mismatch[]; readonly decision: Decision | undefined } {
  const decision = decide(policy, subject, now);
  const login = loginOf(subject);
  const passed = policy
    .slice(0, decision?.index)
    .flatMap((each) => mismatch(each, login, now) ?? []);
  return { passed, decision };
}

/** A login made ready: what all rules ask of it is read once. */
interface Login {
  readonly subject: Subject;
  readonly key: string;
  readonly place: Place;
}

function loginOf(subject: Subject): Login {
  return { subject, key: throttleKey(subject.user), place: placeOf(subject) };
}

/** What a rule knows a user by: names that come to the same are one user to it. */
export function nameFor({ say }: Rule, user: string): string {
  return say === "require" ? throttleKey(user) : user;
}

/** Where a login comes from. */
type Place =
  | { readonly kind: "local" }
  | { readonly kind: "unknown" }
  | { readonly kind: "at"; readonly address: Address };

function placeOf({ rhost = "" }: Subject): Place {
  if (rhost === "") return { kind: "local" };
  const address = parseAddress(rhost);
  return address ? { kind: "at", address } : { kind: "unknown" };
}

function mismatch(
  compiled: CompiledRule,
  { subject, key, place }: Login,
  now: number,
): Mismatch | undefined {
  const { rule, users, groups, services, from, until } = compiled;
  const whereUnknown = rule.say === "require";
  if (now < from) return "not-yet";
  if (now >= until) return "over";
  if (users && !users.has(whereUnknown ? key : subject.user)) return "user";
  if (services && !isAt(services, subject.service, whereUnknown)) return "service";
  if (groups && !isMember(groups, subject.groups, whereUnknown)) return "group";
  if (!isFrom(compiled, place, whereUnknown)) return "network";
  if (rule.interactive !== undefined) {
    const matches =
      subject.interactive === undefined
        ? whereUnknown
        : subject.interactive === (rule.interactive === "yes");
    if (!matches) return "interactive";
  }
  return undefined;
}

/** What the same program calls itself for a login shell, where the host's PAM tells them apart. */
const LOGIN_SHELLS: ReadonlyMap<string, string> = new Map([
  ["su-l", "su"],
  ["sudo-i", "sudo"],
]);

/** Whoever may choose `sudo -i` in place of `sudo` chooses no other `require` rule by it. */
function isAt(
  services: ReadonlySet<string>,
  service: string | undefined,
  whereUnknown: boolean,
): boolean {
  if (service === undefined) return whereUnknown;
  return services.has(service) || (whereUnknown && services.has(LOGIN_SHELLS.get(service) ?? ""));
}

function isMember(
  groups: readonly string[],
  of: ReadonlySet<string> | undefined,
  whereUnknown: boolean,
): boolean {
  return of === undefined ? whereUnknown : groups.some((group) => of.has(group));
}

function isFrom({ networks, local }: CompiledRule, place: Place, whereUnknown: boolean): boolean {
  if (networks === undefined) return true;
  if (place.kind === "unknown") return whereUnknown;
  if (place.kind === "local") return local;
  return networks.some((network) => isIn(place.address, network));
}

function readNetworks(texts: readonly string[], index: number): Network[] {
  return texts.flatMap((text, at) => {
    if (text === LOCAL) return [];
    const network = parseNetwork(text);
    if (network) return [network];
    const problem = "must be a network such as 10.0.0.0/8, or local";
    throw new InvalidRule(index, `networks.${at}`, problem);
  });
}

/** When it is, `demandOf` reads: most logins have no need of it. */
function withReadableBy(rule: Rule, index: number): Rule {
  moment(rule, index, "by", 0);
  return rule;
}

function moment(rule: Rule, index: number, place: "from" | "until" | "by", absent: number): number {
  const text = rule[place];
  if (text === undefined) return absent;
  const read = parseMoment(text);
  if (read !== undefined) return read;
  throw new InvalidRule(index, place, "must be a day such as 2026-12-01, or 2026-12-01T08:00Z");
}
