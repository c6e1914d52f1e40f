import { accountMeant } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { userDocument, userLines } from "./document.ts";

export class UserShow extends CountersignCommand {
  static override summary = "Show one user.";

  static override description =
    "Status, methods, when they were enrolled and last used, backup codes, throttle.";

  static override examples = [
    { description: "What alice has enrolled", command: "sudo <%= config.bin %> user show alice" },
  ];

  static override args = { user: optionalUser };
  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(UserShow);
    await withCountersign({}, async ({ service, caller }) => {
      const user = await service.showUser(accountMeant(args.user, caller));
      if (flags.json) sayJson(userDocument(user));
      else say(...userLines(user));
    });
  }
}
