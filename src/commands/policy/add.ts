/** What `policy require` and `policy exempt` share: the rule's way into the list, and what is said. */
import { changePolicy, unknownNames } from "../../client/policy.ts";
import { Fault } from "../../core/fault.ts";
import type { Rule } from "../../core/policy/rule.ts";
import { statesOf } from "../../core/policy/state.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { fillLines } from "../help-text.ts";
import { counted } from "../words.ts";
import { warn, warnOfChange } from "./changed.ts";
import { shadowWords, unknownNotes } from "./rule-lines.ts";
import { ruleWords } from "./rule-words.ts";

export interface AddFlags {
  readonly first?: boolean;
  readonly before?: number | undefined;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** As many numbers as a line holds. */
const NAMED = 10;

export async function addRule(rule: Rule, flags: AddFlags): Promise<void> {
  let index = 0;
  const changed = await changePolicy((policy) => {
    index = placeIn(policy.rules, flags);
    return {
      policy: { ...policy, rules: policy.rules.toSpliced(index, 0, rule) },
      told: `policy.rules +${index + 1} ${ruleWords(rule)}`,
    };
  }, flags);
  if (flags.json) sayJson({ number: index + 1, ...rule });
  else say(...fillLines(`rule ${index + 1}: ${ruleWords(rule)}`, "  ", outputColumns()));
  const states = statesOf(changed.after.rules, Date.now());
  const added = states[index];
  const notes = unknownNotes(rule, await unknownNames([rule]));
  if (added?.neverDecides) notes.unshift(shadowWords(added.neverDecides));
  for (const note of notes) warn(`rule ${index + 1}: ${note}`);
  if (added?.isOpenEnded) {
    warn(`rule ${index + 1} has no end: policy show and doctor go on reporting it`);
  }
  const silenced = states.filter(({ neverDecides }) => neverDecides?.by === index);
  if (silenced.length > 0) {
    const numbers = silenced.slice(0, NAMED).map((state) => state.index + 1);
    const more = silenced.length > NAMED ? ", ..." : "";
    warn(`${counted(silenced.length, "rule")} can no longer decide: ${numbers.join(", ")}${more}`);
  }
  warnOfChange(changed);
}

function placeIn(rules: readonly Rule[], { first, before }: AddFlags): number {
  if (first) return 0;
  if (before === undefined) return rules.length;
  assertRule(before, rules);
  return before - 1;
}

/** @throws Fault `usage` unless a rule has that number */
export function assertRule(number: number, rules: readonly Rule[]): void {
  if (rules[number - 1]) return;
  const range = rules.length === 0 ? "there are none" : `there are 1 to ${rules.length}`;
  throw new Fault("usage", `there is no rule ${number}: ${range}`, {
    hint: "countersign policy show",
  });
}
