import { readPolicy, unknownNames } from "../../client/policy.ts";
import { type RuleState, statesOf } from "../../core/policy/state.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { styleFor } from "../../terminal/style.ts";
import { CountersignCommand, json } from "../base.ts";
import { ruleLines, type Unknown, unknownIn } from "./rule-lines.ts";
import { unenrolledWords } from "./rule-words.ts";

export class PolicyShow extends CountersignCommand {
  static override summary = "Show who must pass and who need not, rule by rule.";

  static override description =
    `The first rule that matches a login decides it; where none does, the user must pass. Marked
are exemptions without end, rules that are over or have not begun, rules that can never decide, and
users and groups that this host does not know. Times are in UTC.`;

  static override examples = [
    { description: "The rules, in words", command: "sudo <%= config.bin %> policy show" },
    { description: "For a program", command: "sudo <%= config.bin %> policy show --json" },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(PolicyShow);
    const { enabled, unenrolled, defaultMethod = "none", rules } = readPolicy();
    const states = statesOf(rules, Date.now());
    const unknown = await unknownNames(rules);
    if (flags.json) {
      const documents = states.map((each) => document(each, unknown));
      return sayJson({ enabled, unenrolled, defaultMethod, rules: documents });
    }
    const style = styleFor(process.env, process.stdout);
    say(
      `policy      ${enabled === "on" ? "on" : style.red("off: everybody passes without a second factor")}`,
      `unenrolled  ${unenrolledWords(unenrolled)}`,
      ...(defaultMethod === "none" ? [] : [`prefers     ${defaultMethod}, whoever has not chosen`]),
      `rules       ${rules.length === 0 ? "none: everybody must pass" : rules.length}`,
    );
    if (rules.length === 0) return;
    say("", ...ruleLines(states, unknown, outputColumns(), style));
    say("", "The first rule that matches decides; where none does, the user must pass.");
  }
}

function document(state: RuleState, unknown: Unknown): object {
  const { index, rule, time, isOpenEnded, neverDecides } = state;
  const { users, groups } = unknownIn(rule, unknown);
  return {
    number: index + 1,
    ...rule,
    state: time,
    openEnded: isOpenEnded,
    neverDecides: neverDecides
      ? { takenBy: neverDecides.by + 1, contradicts: neverDecides.contradicts }
      : null,
    unknownUsers: users,
    unknownGroups: groups,
  };
}
