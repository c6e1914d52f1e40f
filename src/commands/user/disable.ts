import { Args, Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { Caller, Countersign } from "../../contracts/service.ts";
import { Fault } from "../../core/fault.ts";
import { CountersignCommand, json, yes } from "../base.ts";
import { confirm } from "../confirm.ts";
import { switchUsers } from "./switch.ts";

export class UserDisable extends CountersignCommand {
  static override summary = "Refuse users, and keep what they have enrolled.";

  static override description =
    `A disabled user is refused whatever is typed, and nothing is lost: user enable undoes it.
With --all everyone is disabled but the caller.`;

  static override examples = [
    { description: "Alice is on leave", command: "sudo <%= config.bin %> user disable alice" },
    {
      description: "Everyone but you, in an emergency",
      command: "sudo <%= config.bin %> user disable --all",
    },
  ];

  static override args = {
    user: Args.string({ ignoreStdin: true, name: "user", description: "login names" }),
  };
  static override strict = false;
  static override usage = "user disable (USER ... | --all) [--yes] [--json]";
  static override flags = {
    all: Flags.boolean({ description: "everyone but the caller" }),
    yes,
    json,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(UserDisable);
    const isAll = flags.all === true;
    if (isAll === argv.length > 0) {
      throw new Fault("usage", "name users, or give --all", {
        hint: "countersign help user disable",
      });
    }
    if (flags.all) await confirm("Refuse the codes of everyone but you?", flags.yes);
    const status = await withCountersign({}, ({ service, caller }) =>
      switchUsers(
        flags.all ? everyoneBut(caller, service) : argv.map(String),
        "disabled",
        flags.json,
        (user) => service.disableUser(user),
      ),
    );
    this.exit(status);
  }
}

/** Under sudo the person is SUDO_USER: a name that only ever spares somebody may be believed. */
async function* everyoneBut(caller: Caller, service: Countersign): AsyncGenerator<string> {
  const kept = new Set([caller.login, process.env.SUDO_USER]);
  for await (const { user } of service.listUsers()) if (!kept.has(user)) yield user;
}
