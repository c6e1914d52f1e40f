import { Args } from "@oclif/core";
import { accountMeant } from "../client/caller.ts";
import { withCountersign } from "../client/connect.ts";
import type { ResetOutcome } from "../contracts/service.ts";
import { say, sayJson } from "../terminal/output.ts";
import { CountersignCommand, codeStdin, json, method, yes } from "./base.ts";
import { confirm } from "./confirm.ts";
import { conversationFor } from "./conversation.ts";
import { eachUser } from "./each-user.ts";
import { counted } from "./words.ts";

export class Reset extends CountersignCommand {
  static override summary = "Remove what users have enrolled, as for a lost phone.";

  static override description =
    `Removes authenticators and backup codes at once and for good: the users enroll anew.
Resetting yourself takes a fresh code or a backup code, unless you
are root. To switch a user off and keep the secrets, use: user disable.`;

  static override examples = [
    { description: "Alice lost her phone", command: "sudo <%= config.bin %> reset alice" },
    {
      description: "Several, without being asked",
      command: "sudo <%= config.bin %> reset alice bob --yes",
    },
  ];

  static override args = {
    user: Args.string({
      ignoreStdin: true,
      name: "user",
      description: "login names; your own when left out",
    }),
  };
  static override strict = false;
  static override usage = "reset [USER ...] [--method totp] [--yes] [--code-stdin] [--json]";
  static override flags = { method, yes, "code-stdin": codeStdin, json };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Reset);
    await withCountersign({}, async ({ service, caller }) => {
      const users = argv.length > 0 ? argv.map(String) : [accountMeant(undefined, caller)];
      const what = flags.method ?? "every authenticator and backup code";
      await confirm(`Remove ${what} of ${users.join(", ")} for good?`, flags.yes);
      const conversation = conversationFor(flags["code-stdin"]);
      const outcomes = await eachUser(users, (user) =>
        service.reset(user, flags.method, conversation),
      );
      if (flags.json)
        sayJson(
          outcomes.map(({ user, result, error }) => ({
            user,
            ...result,
            ...(error ? { error } : {}),
          })),
        );
      else for (const { result } of outcomes) if (result) say(sentence(result));
      if (outcomes.some(({ error }) => error)) this.exit(1);
    });
  }
}

function sentence({ user, authenticators, backupCodes }: ResetOutcome): string {
  const removed = `${counted(authenticators, "authenticator")}, ${counted(backupCodes, "unused backup code")}`;
  return `${user}: removed ${removed}`;
}
