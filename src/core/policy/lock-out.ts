/** Whether a change of the policy shuts every administrator out, before it is made. */
import { BACKUP_CODE } from "../backup-code.ts";
import { parseMoment } from "./date.ts";
import { compile, decide, type Policy } from "./decide.ts";
import { couldPass, demandOf, outlook, type Standing } from "./outlook.ts";
import type { Rule, Unenrolled } from "./rule.ts";

/** The policy as the settings have it. */
export interface PolicySettings {
  readonly enabled: "on" | "off";
  readonly unenrolled: Unenrolled;
  /** What just Enter begins; it decides nothing. */
  readonly defaultMethod?: string | undefined;
  readonly rules: readonly Rule[];
}

export interface Administrator extends Standing {
  /** Undefined where they could not be looked up. */
  readonly groups: ReadonlySet<string> | undefined;
}

/** The ways in that are looked at: from the host itself, where a console is. */
export const LOOKED_AT = ["sshd", "sudo", "su", "login"] as const;
/** It has no terminal yet when it asks: see engine/policy.ts. */
const WITHOUT_TERMINAL = "sshd";

/** Moments to come that are looked at: what lies further off can be mended until then. */
const FORESEEN = 100;

export interface LockOut {
  /** Milliseconds since the epoch: now, or a moment at which some rule begins or ends. */
  readonly at: number;
  /** Those through which somebody could pass before, and nobody can after. */
  readonly services: readonly string[];
}

/**
 * The first moment, from now on, at which the change shuts all of them out of a service;
 * undefined where it never does.
 * @param now milliseconds since the epoch
 * @param afterwards how the same administrators stand once it is made
 * @throws InvalidRule
 */
export function lockOut(
  before: PolicySettings,
  after: PolicySettings,
  administrators: readonly Administrator[],
  now: number,
  afterwards: readonly Administrator[] = administrators,
): LockOut | undefined {
  const passedBefore = judgeOf(before, administrators);
  const passesAfter = judgeOf(after, afterwards);
  for (const at of [now, ...momentsOf([...before.rules, ...after.rules], now)]) {
    const services = LOOKED_AT.filter(
      (service) => !passesAfter(service, at) && passedBefore(service, at),
    );
    if (services.length > 0) return { at, services };
  }
  return undefined;
}

/** How somebody stands without a method. Backup codes run out: they are no way in of their own. */
export function standingWithout(method: string, standing: Administrator): Administrator {
  if (!standing.enrolledIn.includes(method)) return standing;
  const left = standing.enrolledIn.filter((name) => name !== method);
  return { ...standing, enrolledIn: left.some((name) => name !== BACKUP_CODE) ? left : [] };
}

/** Whether anybody of them could pass through a service at a moment. */
function judgeOf(
  { enabled, unenrolled, rules }: PolicySettings,
  administrators: readonly Administrator[],
): (service: string, at: number) => boolean {
  const policy: Policy = compile(rules);
  return (service, at) =>
    administrators.some((each) => {
      if (enabled === "off") return true;
      const interactive = service === WITHOUT_TERMINAL ? undefined : true;
      const subject = { ...each, service, rhost: undefined, interactive };
      const demand = demandOf(decide(policy, subject, at)?.rule, unenrolled, at);
      return couldPass(outlook(demand, each));
    });
}

function momentsOf(rules: readonly Rule[], now: number): number[] {
  const all = rules.flatMap(({ from, until, by }) =>
    [from, until, by].flatMap((text) => (text === undefined ? [] : (parseMoment(text) ?? []))),
  );
  const later = [...new Set(all)].filter((at) => at > now);
  return later.toSorted((a, b) => a - b).slice(0, FORESEEN);
}
