import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { CountersignCommand, json, yes } from "../base.ts";
import { choose, fromStdin, groupFlag, noteKept, othersChosen } from "../chosen-users.ts";
import { confirm } from "../confirm.ts";
import { switchUsers } from "./switch.ts";

export class UserDisable extends CountersignCommand {
  static override summary = "Refuse users, and keep what they have enrolled.";

  static override description =
    `A disabled user is refused whatever is typed, and nothing is lost: user enable undoes it.
With --all everyone is disabled but the caller. The caller is kept with --group and
--from-stdin too: only who names themselves switches themselves off. Who never enrolled can be
disabled as well, for the policy may let them in; with --all, only who has been here.`;

  static override examples = [
    { description: "Alice is on leave", command: "sudo <%= config.bin %> user disable alice" },
    {
      description: "A class that is over",
      command: "sudo <%= config.bin %> user disable --group class-of-2026",
    },
    {
      description: "Those who have not logged in for a year",
      command:
        "sudo <%= config.bin %> user list --stale 365 --json | jq -r '.[].user' |\n  sudo <%= config.bin %> user disable --from-stdin",
    },
    {
      description: "Everyone but you, in an emergency",
      command: "sudo <%= config.bin %> user disable --all",
    },
  ];

  static override args = {
    user: Args.string({ ignoreStdin: true, name: "user", description: "login names" }),
  };
  static override strict = false;
  static override usage =
    "user disable (USER ... | --group GROUP ... | --from-stdin | --all) [--yes] [--json]";
  static override flags = {
    group: groupFlag,
    "from-stdin": fromStdin,
    all: Flags.boolean({ description: "everyone but the caller", default: false }),
    yes,
    json,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(UserDisable);
    const choice = { ...choose(argv, flags, "user disable"), absent: true };
    if (choice.all) await confirm("Refuse the codes of everyone but you?", flags.yes);
    const status = await withCountersign({}, (connection) =>
      switchUsers(othersChosen(choice, connection, choice.all ? undefined : noteKept), {
        done: "disabled",
        json: flags.json,
        apply: (user) => connection.service.disableUser(user),
      }),
    );
    this.exit(status);
  }
}
