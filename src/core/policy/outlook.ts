/** What a login comes to, from what the policy says of it and what the user has enrolled. */
import type { Rule, Unenrolled } from "./rule.ts";

/** How a user stands, whatever any rule says. */
export interface Standing {
  readonly user: string;
  readonly disabled: boolean;
  /** Of the methods that are on, those that could accept the user. */
  readonly enrolledIn: readonly string[];
  /** By any method, also one that is off, or by another spelling of the name. */
  readonly hasEnrolled: boolean;
}

/** What is asked of a login. */
export interface Demand {
  readonly say: Rule["say"];
  /** The only methods that count; all that are on when absent. */
  readonly methods?: readonly string[] | undefined;
  readonly unenrolled: Unenrolled;
}

/**
 * `policy-off` and `exempt` pass unasked; `asked` must pass; `let-in` has nothing enrolled and is
 * let in; `unenrolled` has nothing that counts and is refused; `disabled` is refused.
 */
export type Outlook = "policy-off" | "exempt" | "asked" | "let-in" | "unenrolled" | "disabled";

export function demandOf(rule: Rule | undefined, byDefault: Unenrolled): Demand {
  if (rule === undefined) return { say: "require", unenrolled: byDefault };
  return { say: rule.say, methods: rule.methods, unenrolled: rule.unenrolled ?? byDefault };
}

/** @param demand undefined where the policy is off */
export function outlook(demand: Demand | undefined, standing: Standing): Outlook {
  if (demand === undefined) return "policy-off";
  if (standing.disabled) return "disabled";
  const { say, methods, unenrolled } = demand;
  if (say === "exempt") return "exempt";
  if (standing.enrolledIn.some((name) => methods?.includes(name) ?? true)) return "asked";
  return unenrolled === "allow" && !standing.hasEnrolled ? "let-in" : "unenrolled";
}

/** False where no answer could let the user in. */
export function couldPass(told: Outlook): boolean {
  return told !== "unenrolled" && told !== "disabled";
}
