import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { CountersignCommand, json, yes } from "../base.ts";
import { choose, chosenUsers, fromStdin, groupFlag } from "../chosen-users.ts";
import { confirm } from "../confirm.ts";
import { switchUsers } from "./switch.ts";

export class UserUnlock extends CountersignCommand {
  static override summary = "End the delay or the lock after failed attempts.";

  static override description =
    "The next attempt is read at once; a delay would have ended by itself.";

  static override examples = [
    {
      description: "Alice mistyped too often",
      command: "sudo <%= config.bin %> user unlock alice",
    },
    {
      description: "Everybody in a group",
      command: "sudo <%= config.bin %> user unlock --group staff",
    },
  ];

  static override args = {
    user: Args.string({ ignoreStdin: true, name: "user", description: "login names" }),
  };
  static override strict = false;
  static override usage =
    "user unlock (USER ... | --group GROUP ... | --from-stdin | --all) [--yes] [--json]";
  static override flags = {
    group: groupFlag,
    "from-stdin": fromStdin,
    all: Flags.boolean({ description: "everyone", default: false }),
    yes,
    json,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(UserUnlock);
    const choice = choose(argv, flags, "user unlock");
    if (choice.all)
      await confirm("End the delay of everyone, also of those who are being attacked?", flags.yes);
    const status = await withCountersign({}, ({ service }) =>
      switchUsers(chosenUsers(choice, service), {
        done: "unlocked",
        json: flags.json,
        apply: (user) => service.unlockUser(user),
      }),
    );
    this.exit(status);
  }
}
