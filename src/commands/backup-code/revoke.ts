import { accountMeant } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, codeStdin, json, optionalUser, yes } from "../base.ts";
import { confirm } from "../confirm.ts";
import { conversationFor } from "../conversation.ts";
import { counted } from "../words.ts";

export class BackupCodeRevoke extends CountersignCommand {
  static override summary = "Revoke all backup codes of a user.";

  static override description =
    `For a lost print-out. The authenticator goes on working. Revoking your own takes a
code of it, unless you are root.`;

  static override examples = [
    {
      description: "Alice lost the sheet",
      command: "sudo <%= config.bin %> backup-code revoke alice",
    },
  ];

  static override args = { user: optionalUser };
  static override flags = { yes, "code-stdin": codeStdin, json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(BackupCodeRevoke);
    await withCountersign({}, async ({ service, caller }) => {
      const user = accountMeant(args.user, caller);
      await confirm(`Kill every backup code of ${user}?`, flags.yes);
      const revoked = await service.revokeBackupCodes(user, conversationFor(flags["code-stdin"]));
      if (flags.json) sayJson({ user, revoked });
      else say(`${user}: revoked ${counted(revoked, "unused backup code")}`);
    });
  }
}
