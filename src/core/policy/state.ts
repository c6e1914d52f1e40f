/** What is to be known of each rule besides what it says: whether it is over, or never decides. */
import { parseMoment } from "./date.ts";
import type { Rule } from "./rule.ts";
import { shadowed } from "./shadowed.ts";

export interface RuleState {
  readonly index: number;
  readonly rule: Rule;
  readonly time: "in-force" | "not-yet" | "over";
  /** An exemption without an end. */
  readonly isOpenEnded: boolean;
  /** The earlier rule that takes all of it, and whether that says the opposite. */
  readonly neverDecides: { readonly by: number; readonly contradicts: boolean } | undefined;
}

/** @param now milliseconds since the epoch */
export function statesOf(rules: readonly Rule[], now: number): RuleState[] {
  const shadows = new Map(shadowed(rules).map(({ index, by }) => [index, by]));
  return rules.map((rule, index) => {
    const by = shadows.get(index);
    return {
      ...{ index, rule, time: timeOf(rule, now) },
      isOpenEnded: rule.say === "exempt" && rule.until === undefined,
      neverDecides: by === undefined ? undefined : { by, contradicts: rules[by]?.say !== rule.say },
    };
  });
}

function timeOf({ from, until }: Rule, now: number): RuleState["time"] {
  if (until !== undefined && now >= (parseMoment(until) ?? now)) return "over";
  return from !== undefined && now < (parseMoment(from) ?? now) ? "not-yet" : "in-force";
}
