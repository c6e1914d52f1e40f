import { Args } from "@oclif/core";
import { changePolicy } from "../../client/policy.ts";
import { UNENROLLED } from "../../core/policy/rule.ts";
import { say } from "../../terminal/output.ts";
import { CountersignCommand } from "../base.ts";
import { warnOfChange } from "./changed.ts";
import { force } from "./rule-flags.ts";
import { unenrolledWords } from "./rule-words.ts";

export class PolicySet extends CountersignCommand {
  static override summary = "Say what becomes of users who have not enrolled.";

  static override description =
    `refuse keeps them out; allow lets them in without a code, after the same prompt. A rule may
say otherwise for those it requires. Where refuse shuts out every administrator it is refused
without --force.`;

  static override examples = [
    {
      description: "A gentle start: let in who has not enrolled yet",
      command: "sudo <%= config.bin %> policy set unenrolled allow",
    },
  ];

  static override args = {
    setting: Args.string({
      ignoreStdin: true,
      required: true,
      options: ["unenrolled"],
      description: "unenrolled",
    }),
    value: Args.string({
      ignoreStdin: true,
      required: true,
      options: [...UNENROLLED],
      description: UNENROLLED.join(" or "),
    }),
  };

  static override flags = { force };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PolicySet);
    const unenrolled = UNENROLLED.find((each) => each === args.value) ?? "refuse";
    const changed = await changePolicy(
      (policy) => ({
        policy: { ...policy, unenrolled },
        told: `policy.unenrolled=${unenrolled}`,
      }),
      { ...flags, opens: unenrolled === "allow" },
    );
    say(`who has not enrolled is ${unenrolledWords(unenrolled)}`);
    warnOfChange(changed);
  }
}
