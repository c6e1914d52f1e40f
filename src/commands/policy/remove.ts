import { Args } from "@oclif/core";
import { changePolicy } from "../../client/policy.ts";
import { Fault } from "../../core/fault.ts";
import type { Rule } from "../../core/policy/rule.ts";
import { outputColumns, say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";
import { fillLines } from "../help-text.ts";
import { assertRule } from "./add.ts";
import { warnOfChange } from "./changed.ts";
import { force } from "./rule-flags.ts";
import { ruleWords } from "./rule-words.ts";

export class PolicyRemove extends CountersignCommand {
  static override summary = "Remove a rule.";

  static override description =
    `Prints what it said. The rules behind it move up by one. A removal that shuts out every
administrator is refused without --force.`;

  static override examples = [
    { description: "The second rule", command: "sudo <%= config.bin %> policy remove 2" },
  ];

  static override args = {
    n: Args.string({
      ignoreStdin: true,
      name: "n",
      required: true,
      description: "its number, as policy show has it",
    }),
  };

  static override flags = { force, json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PolicyRemove);
    const number = numberOf(args.n);
    let removed: Rule | undefined;
    const changed = await changePolicy((policy) => {
      assertRule(number, policy.rules);
      removed = policy.rules[number - 1];
      return {
        policy: { ...policy, rules: policy.rules.toSpliced(number - 1, 1) },
        told: `policy.rules -${number}${removed ? ` ${ruleWords(removed)}` : ""}`,
      };
    }, flags);
    if (!removed) return;
    if (flags.json) sayJson({ number, ...removed });
    else say(...fillLines(`removed rule ${number}: ${ruleWords(removed)}`, "  ", outputColumns()));
    warnOfChange(changed);
  }
}

function numberOf(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new Fault("usage", "a rule is named by its number", { hint: "countersign policy show" });
}
