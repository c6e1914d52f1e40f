import { accountMeant } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { counted, isoTimeOrNull, shortTime } from "../words.ts";

/** From this number down, a person should make new ones. */
const FEW = 3;

export class BackupCodeStatus extends CountersignCommand {
  static override summary = "Show how many backup codes are left.";

  static override description =
    "At three or fewer it is time for new ones: countersign backup-code generate.";

  static override examples = [
    { description: "Your own", command: "<%= config.bin %> backup-code status" },
    {
      description: "Alice's, for a script",
      command: "sudo <%= config.bin %> backup-code status alice --json",
    },
  ];

  static override args = { user: optionalUser };
  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(BackupCodeStatus);
    await withCountersign({}, async ({ service, caller }) => {
      const user = accountMeant(args.user, caller);
      const { left, createdAt } = await service.backupCodeStatus(user);
      if (flags.json) return sayJson({ user, left, createdAt: isoTimeOrNull(createdAt) });
      const since = createdAt === undefined ? "" : `, made ${shortTime(createdAt)}`;
      say(`${user}: ${counted(left, "backup code")} left${since}`);
      if (left <= FEW) say(`Make new ones with: countersign backup-code generate ${user}`);
    });
  }
}
