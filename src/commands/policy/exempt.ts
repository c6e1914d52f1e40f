import { CountersignCommand } from "../base.ts";
import { addRule } from "./add.ts";
import { exemptFlags, ruleFrom } from "./rule-flags.ts";

export class PolicyExempt extends CountersignCommand {
  static override summary = "Add a rule: these pass without a second factor.";

  static override description =
    `At the end of the list, unless --first or --before says otherwise: the first rule that
matches decides. Every condition that is given must hold; of those that are repeated, one is enough.
An exemption without --until is reported by policy show and doctor. What is not known of a login,
such as the address of a host that came with its name, exempts nobody. Dates are in UTC.`;

  static override examples = [
    {
      description: "The backup's logins, until the new year",
      command: "sudo <%= config.bin %> policy exempt --user backup --until 2027-01-01",
    },
    {
      description: "Scripts that run sudo",
      command: "sudo <%= config.bin %> policy exempt --everyone --service sudo --non-interactive",
    },
    {
      description: "Root at the console, before all other rules",
      command: "sudo <%= config.bin %> policy exempt --user root --service login --first",
    },
  ];

  static override usage =
    "policy exempt (--user USER | --group GROUP ... | --everyone) [conditions] [--first | --before N] [--force] [--json]";

  static override flags = exemptFlags;

  override async run(): Promise<void> {
    const { flags } = await this.parse(PolicyExempt);
    await addRule(ruleFrom("exempt", flags, Date.now()), flags);
  }
}
