/** What a login comes to, from what the policy says of it and what the user has enrolled. */
import { parseMoment } from "./date.ts";
import type { Rule, Unenrolled } from "./rule.ts";

/** How a user stands, whatever any rule says. */
export interface Standing {
  readonly user: string;
  readonly disabled: boolean;
  /** Of the methods that are on, those that could accept the user. */
  readonly enrolledIn: readonly string[];
  /** By any method, also one that is off, or by another spelling of the name. */
  readonly hasEnrolled: boolean;
  /** Of the methods that are on, those that anybody could enroll in. */
  readonly enrollableIn: readonly string[];
}

/** What is asked of a login. */
export interface Demand {
  readonly say: Rule["say"];
  /** The only methods that count; all that are on when absent. */
  readonly methods?: readonly string[] | undefined;
  readonly unenrolled: Unenrolled;
  /**
   * Until then, in milliseconds since the epoch, who has nothing enrolled is let in with a
   * reminder; undefined where no such time is, or it is over.
   */
  readonly by?: number | undefined;
}

/**
 * `policy-off` and `exempt` pass unasked; `asked` must pass; `let-in` has nothing enrolled and is
 * let in, `reminded` for the time being; `enroll` and `invite` are set up in the login, where it
 * can be done, and refused elsewhere; `unenrolled` has nothing that counts and is refused;
 * `disabled` is refused.
 */
export type Outlook =
  | "policy-off"
  | "exempt"
  | "asked"
  | "let-in"
  | "reminded"
  | "enroll"
  | "invite"
  | "unenrolled"
  | "disabled";

/** @param now milliseconds since the epoch */
export function demandOf(rule: Rule | undefined, byDefault: Unenrolled, now: number): Demand {
  if (rule === undefined) return { say: "require", unenrolled: byDefault };
  const by = rule.by === undefined ? undefined : parseMoment(rule.by);
  return {
    say: rule.say,
    methods: rule.methods,
    unenrolled: rule.unenrolled ?? byDefault,
    ...(by !== undefined && now < by ? { by } : {}),
  };
}

/** @param demand undefined where the policy is off */
export function outlook(demand: Demand | undefined, standing: Standing): Outlook {
  if (demand === undefined) return "policy-off";
  if (standing.disabled) return "disabled";
  const { say, methods, unenrolled, by } = demand;
  const counts = (name: string): boolean => methods?.includes(name) ?? true;
  if (say === "exempt") return "exempt";
  if (standing.enrolledIn.some(counts)) return "asked";
  // Whoever has the password alone adds nothing to what is enrolled already.
  if (standing.hasEnrolled) return "unenrolled";
  if (by !== undefined) return "reminded";
  if (unenrolled === "allow") return "let-in";
  const canEnroll = unenrolled !== "refuse" && standing.enrollableIn.some(counts);
  return canEnroll ? unenrolled : "unenrolled";
}

/**
 * False where no answer could let the user in. Who is to be set up in the login is taken for
 * shut out: whether a service can do it, its PAM stack says and not the policy.
 */
export function couldPass(told: Outlook): boolean {
  return !["enroll", "invite", "unenrolled", "disabled"].includes(told);
}
