import { withCountersign } from "../../client/connect.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";
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
  ];

  static override args = { user: requiredUser };
  static override strict = false;
  static override usage = "user unlock USER ... [--json]";
  static override flags = { json };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(UserUnlock);
    const status = await withCountersign({}, ({ service }) =>
      switchUsers(argv.map(String), "unlocked", flags.json, (user) => service.unlockUser(user)),
    );
    this.exit(status);
  }
}
