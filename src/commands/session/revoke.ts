import { Flags } from "@oclif/core";
import { accountMeant } from "../../client/caller.ts";
import { withCountersign } from "../../client/connect.ts";
import { demandHostAccount } from "../../client/host-account.ts";
import { Fault } from "../../core/fault.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { counted } from "../words.ts";

export class SessionRevoke extends CountersignCommand {
  static override summary = "End grace tickets: the next login is asked again.";

  static override description =
    `Your own, or as root another user's, or with --all everybody's. A reset, user disable, a new
enrollment and a reboot end them as well. What is running goes on: only who asks again is asked.`;

  static override examples = [
    { description: "You leave your desk", command: "<%= config.bin %> session revoke" },
    {
      description: "Alice's laptop was stolen",
      command: "sudo <%= config.bin %> session revoke alice",
    },
    { description: "Everybody's", command: "sudo <%= config.bin %> session revoke --all" },
  ];

  static override args = { user: optionalUser };

  static override usage = "session revoke [USER | --all] [--json]";

  static override flags = {
    all: Flags.boolean({ description: "everybody's" }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SessionRevoke);
    if (flags.all && args.user !== undefined) {
      throw new Fault("usage", "give a user, or --all", {
        hint: "countersign help session revoke",
      });
    }
    await withCountersign({}, async ({ service, caller }) => {
      const user = flags.all ? undefined : accountMeant(args.user, caller);
      const ended = await service.revokeTickets(user);
      // Who is gone from the host may have had some; a slip of the pen ends none, and is told.
      // Who is gone from the host may have some; a slip of the pen has none.
      if (ended === 0 && user !== undefined) demandHostAccount(user);
      if (flags.json) sayJson({ user: user ?? null, ended });
      else say(`ended ${counted(ended, "grace ticket")}`);
    });
  }
}
