import { changePolicy } from "../../client/policy.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand, yes } from "../base.ts";
import { confirmByWord } from "../confirm.ts";
import { warnOfChange } from "./changed.ts";

const MEANING = [
  "With the policy off, everybody on this host logs in with the first factor",
  "alone, those who are disabled here too. Nothing is lost: rules, authenticators",
  "and backup codes stay, and policy on brings all of it back. Each login says so",
  "in the audit log.",
];

export class PolicyOff extends CountersignCommand {
  static override summary = "Let everybody pass without a second factor.";

  static override description =
    `Everybody logs in with the first factor alone, those who are disabled here too, and each login
says so in the audit log. Nothing is lost: rules and what users have enrolled stay, and policy on
brings all of it back. Asks for the word off, unless --yes is given.`;

  static override examples = [
    { description: "In an emergency", command: "sudo <%= config.bin %> policy off" },
  ];

  static override flags = { yes };

  override async run(): Promise<void> {
    const { flags } = await this.parse(PolicyOff);
    say(...MEANING);
    await confirmByWord("Type off to confirm: ", "off", flags.yes);
    const changed = await changePolicy(
      (policy) => ({ policy: { ...policy, enabled: "off" }, told: "policy.enabled=off" }),
      { opens: true },
    );
    say(changed.before.enabled === "off" ? "the policy is off already" : "the policy is off");
    warnOfChange(changed);
  }
}
