import { withCountersign } from "../../client/connect.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";
import { switchUsers } from "./switch.ts";

export class UserEnable extends CountersignCommand {
  static override summary = "Switch users on again, with what they had enrolled.";

  static override description = "Undoes user disable: the same authenticator works as before.";

  static override examples = [
    {
      description: "Alice is back from leave",
      command: "sudo <%= config.bin %> user enable alice",
    },
  ];

  static override args = { user: requiredUser };
  static override strict = false;
  static override usage = "user enable USER ... [--json]";
  static override flags = { json };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(UserEnable);
    const status = await withCountersign({}, ({ service }) =>
      switchUsers(argv.map(String), "enabled", flags.json, (user) => service.enableUser(user)),
    );
    this.exit(status);
  }
}
