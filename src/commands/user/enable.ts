import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import { CountersignCommand, json, yes } from "../base.ts";
import { choose, chosenUsers, fromStdin, groupFlag } from "../chosen-users.ts";
import { confirm } from "../confirm.ts";
import { switchUsers } from "./switch.ts";

export class UserEnable extends CountersignCommand {
  static override summary = "Switch users on again, with what they had enrolled.";

  static override description =
    `Undoes user disable: the same authenticator works as before. With --all or --group only
those who are disabled are looked at.`;

  static override examples = [
    {
      description: "Alice is back from leave",
      command: "sudo <%= config.bin %> user enable alice",
    },
    {
      description: "After an emergency is over",
      command: "sudo <%= config.bin %> user enable --all",
    },
  ];

  static override args = {
    user: Args.string({ ignoreStdin: true, name: "user", description: "login names" }),
  };
  static override strict = false;
  static override usage =
    "user enable (USER ... | --group GROUP ... | --from-stdin | --all) [--yes] [--json]";
  static override flags = {
    group: groupFlag,
    "from-stdin": fromStdin,
    all: Flags.boolean({ description: "everyone who is disabled", default: false }),
    yes,
    json,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(UserEnable);
    const choice = choose(argv, flags, "user enable");
    if (choice.all) await confirm("Switch on everyone who is disabled?", flags.yes);
    const status = await withCountersign({}, ({ service }) =>
      switchUsers(chosenUsers(choice, service, { status: "disabled" }), {
        done: "enabled",
        json: flags.json,
        apply: (user) => service.enableUser(user),
      }),
    );
    this.exit(status);
  }
}
