import { changePolicy } from "../../client/policy.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand } from "../base.ts";
import { warnOfChange } from "./changed.ts";
import { force } from "./rule-flags.ts";

export class PolicyOn extends CountersignCommand {
  static override summary = "Switch the policy on again.";

  static override description =
    `The rules are as they were, and so is what users have enrolled. Refused without --force where
it shuts out every administrator.`;

  static override examples = [
    { description: "After policy off", command: "sudo <%= config.bin %> policy on" },
  ];

  static override flags = { force };

  override async run(): Promise<void> {
    const { flags } = await this.parse(PolicyOn);
    const changed = await changePolicy(
      (policy) => ({ policy: { ...policy, enabled: "on" }, told: "policy.enabled=on" }),
      flags,
    );
    say(changed.before.enabled === "on" ? "the policy is on already" : "the policy is on");
    warnOfChange(changed);
  }
}
