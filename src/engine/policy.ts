/** What the policy says of a login, before anybody is asked for anything. */
import type { Caller, Origin, PolicyExplanation, VerifyOutcome } from "../contracts/service.ts";
import type { Transaction } from "../contracts/store.ts";
import { type Decision, decide, explain, type Subject } from "../core/policy/decide.ts";
import { type Demand, demandOf, outlook, type Standing } from "../core/policy/outlook.ts";
import { printable } from "../core/printable.ts";
import type { Reason } from "../core/verdict.ts";
import { conclude } from "./conclude.ts";
import { barredBy, hasAnything, type VerifyRequest } from "./judge.ts";
import type { EngineParts } from "./parts.ts";
import { mayActOn, mayAdminister } from "./permission.ts";

/** What a login can set up without another program. */
const TOTP = "totp";

/** Of a login that PAM hands on from sshd, which has no terminal yet. */
const NO_TERMINAL = "ssh";

export type Ruling =
  | { readonly kind: "exempt"; readonly outcome: VerifyOutcome }
  /** `parts`: the engine as this login may use it. */
  | {
      readonly kind: "require";
      readonly parts: EngineParts;
      readonly demand: Demand;
      /** Milliseconds that an accepted answer covers; see engine/grace.ts. */
      readonly grace?: number | undefined;
    };

/** Decides, and records whom it lets pass. */
export async function ruleOn(parts: EngineParts, request: VerifyRequest): Promise<Ruling> {
  const { enabled, rules } = parts.policy;
  if (!enabled) return pass(parts, request, "policy-off");
  const now = parts.clock.now();
  if (rules.length === 0) return requiring(parts, undefined, now);
  const subject = await subjectOf(parts, request.user, request.origin);
  const decision = decide(rules, subject, now);
  if (decision?.rule.say !== "exempt") return requiring(parts, decision, now);
  return pass(parts, request, "rule-exempt", `rule ${decision.index + 1}`);
}

function requiring(parts: EngineParts, decision: Decision | undefined, now: number): Ruling {
  const demand = demandOf(decision?.rule, parts.policy.unenrolled, now);
  const grace = decision?.rule.grace;
  const inMilliseconds = grace === undefined ? undefined : grace * 1000;
  return { kind: "require", parts: under(parts, demand), demand, grace: inMilliseconds };
}

/** The engine with only the methods that count for this login. */
function under(parts: EngineParts, { methods, unenrolled, by }: Demand): EngineParts {
  return {
    ...parts,
    methods: methods ? parts.methods.filter(({ name }) => methods.includes(name)) : parts.methods,
    policy: { ...parts.policy, unenrolled, unenrolledBy: by },
  };
}

async function pass(
  parts: EngineParts,
  request: VerifyRequest,
  reason: Reason,
  detail?: string,
): Promise<Ruling> {
  const user = printable(request.user);
  const outcome = await parts.store.transact(async (tx) => {
    // Whoever was shut out stays so while the policy stands, whatever a rule says of the rest.
    const barred = reason === "policy-off" ? undefined : await barredBy(tx, request.user);
    const told: VerifyOutcome = barred
      ? { verdict: "reject", user, reason: barred }
      : { verdict: "exempt", user, reason };
    return conclude(tx, parts, request, told, detail);
  });
  return { kind: "exempt", outcome };
}

/** What would happen, and by which rule: decided by the code that a login is decided by. */
export async function explainPolicy(
  parts: EngineParts,
  caller: Caller,
  user: string,
  origin: Origin,
): Promise<PolicyExplanation> {
  mayAdminister(caller);
  mayActOn(caller, user);
  const { enabled, rules } = parts.policy;
  const subject = await subjectOf(parts, user, origin);
  const now = parts.clock.now();
  const { passed, decision } = explain(rules, subject, now);
  const demand = demandOf(decision?.rule, parts.policy.unenrolled, now);
  const ruled = under(parts, demand);
  const stands = await parts.store.read((view) => look(view, parts, user));
  const methods = ruled.methods.map(({ name }) => name);
  return {
    ...{ user, enabled, passed, methods },
    ...(decision ? { rule: decision.index } : {}),
    ...(decision?.rule.grace === undefined ? {} : { grace: decision.rule.grace }),
    rules: rules.slice(0, passed.length + (decision ? 1 : 0)).map(({ rule }) => rule),
    say: demand.say,
    unenrolled: demand.unenrolled,
    ...(demand.by === undefined ? {} : { unenrolledBy: demand.by }),
    enrolledIn: stands.enrolledIn.filter((name) => methods.includes(name)),
    hasEnrolled: stands.hasEnrolled,
    outlook: outlook(enabled ? demand : undefined, stands),
    groups: subject.groups && [...subject.groups],
  };
}

/** How a user stands, for whoever weighs a policy that is not in force yet. */
export function standing(parts: EngineParts, caller: Caller, user: string): Promise<Standing> {
  mayAdminister(caller);
  mayActOn(caller, user);
  return parts.store.read((view) => look(view, parts, user));
}

/** How a user stands, as the policy weighs it. */
export async function look(
  tx: Transaction,
  { methods }: Pick<EngineParts, "methods">,
  user: string,
): Promise<Standing> {
  const enrolledIn: string[] = [];
  for (const method of methods) {
    if (await method.isEnrolled(tx, user)) enrolledIn.push(method.name);
  }
  const hasEnrolled = await hasAnything(tx, user);
  const disabled = (await barredBy(tx, user)) !== undefined;
  return { user, disabled, enrolledIn, hasEnrolled, enrollableIn: enrollableOf({ methods }) };
}

/** The methods that anybody could enroll in at a login. */
export function enrollableOf({ methods }: Pick<EngineParts, "methods">): readonly string[] {
  return methods.flatMap((method) => {
    const enrolls = method.kind === "challenge" ? method.enrollsAtLogin : method.name === TOTP;
    return enrolls ? [method.name] : [];
  });
}

async function subjectOf(parts: EngineParts, user: string, origin: Origin): Promise<Subject> {
  const { service, rhost, tty } = origin;
  const needsGroups = parts.policy.rules.some(({ groups }) => groups !== undefined);
  return {
    ...{ user, service, rhost },
    // Asked for only where a rule needs them: a directory service may be slow.
    groups: needsGroups ? await parts.groupsOf(user) : undefined,
    interactive: tty === NO_TERMINAL ? undefined : tty !== undefined && tty !== "",
  };
}
