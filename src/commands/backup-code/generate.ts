import { accountMeant } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, codeStdin, json, optionalUser } from "../base.ts";
import { conversationFor } from "../conversation.ts";
import { backupCodeLines } from "../words.ts";

export class BackupCodeGenerate extends CountersignCommand {
  static override summary = "Make ten new backup codes; the old ones stop working.";

  static override description =
    `Each code is good for one login when the phone is not at hand. They are shown once,
and kept as hashes only. Making your own takes a code of your authenticator or an
unused backup code, unless you are root.`;

  static override examples = [
    { description: "For yourself", command: "<%= config.bin %> backup-code generate" },
    { description: "For alice", command: "sudo <%= config.bin %> backup-code generate alice" },
  ];

  static override args = { user: optionalUser };
  static override flags = { "code-stdin": codeStdin, json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(BackupCodeGenerate);
    await withCountersign({}, async ({ service, caller }) => {
      const user = accountMeant(args.user, caller);
      const conversation = conversationFor(flags["code-stdin"]);
      const backupCodes = await service.generateBackupCodes(user, conversation);
      if (flags.json) sayJson({ user, backupCodes });
      else say(...backupCodeLines(backupCodes));
    });
  }
}
