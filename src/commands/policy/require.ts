import { CountersignCommand } from "../base.ts";
import { addRule } from "./add.ts";
import { requireFlags, ruleFrom } from "./rule-flags.ts";

export class PolicyRequire extends CountersignCommand {
  static override summary = "Add a rule: these must pass a second factor.";

  static override description =
    `At the end of the list, unless --first or --before says otherwise: the first rule that
matches decides. Every condition that is given must hold; of those that are repeated, one is enough.
A change that shuts out every administrator (root, and the members of sudo, wheel and admin) is
refused without --force. Dates are in UTC.`;

  static override examples = [
    {
      description: "All of staff, wherever they come from",
      command: "sudo <%= config.bin %> policy require --group staff",
    },
    {
      description: "For sudo, by a code of the app alone",
      command: "sudo <%= config.bin %> policy require --everyone --service sudo --method totp",
    },
    {
      description: "For sudo, one code for five minutes of work at a terminal",
      command: "sudo <%= config.bin %> policy require --everyone --service sudo --grace 5m",
    },
    {
      description: "Staff are reminded until December, and set up in their login from then on",
      command: "sudo <%= config.bin %> policy require --group staff --by 2026-12-01",
    },
    {
      description: "Everybody else; who has not enrolled is let in for now",
      command: "sudo <%= config.bin %> policy require --everyone --unenrolled allow",
    },
  ];

  static override usage =
    "policy require (--user USER | --group GROUP ... | --everyone) [conditions] [--method METHOD ...] [--unenrolled refuse|allow|enroll|invite] [--by DATE] [--grace TIME] [--first | --before N] [--force] [--json]";

  static override flags = requireFlags;

  override async run(): Promise<void> {
    const { flags } = await this.parse(PolicyRequire);
    await addRule(ruleFrom("require", flags, Date.now()), flags);
  }
}
