import { hostname } from "node:os";
import { Args, Flags } from "@oclif/core";
import { type Connection, withCountersign } from "../../client/connect.ts";
import { demandHostAccount } from "../../client/host-account.ts";
import { Fault } from "../../core/fault.ts";
import { nameFrom } from "../../core/name-template.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, requiredUser } from "../base.ts";

export class UserAlias extends CountersignCommand {
  static override summary = "Show or change what a user is called at Duo.";

  static override description =
    `Without an alias, a user's name at Duo comes from the setting duo.usernameTemplate. With
NAME the alias is set, and with --remove it is taken away. It changes nothing on this host:
the login name stays, and so does the throttle.`;

  static override examples = [
    {
      description: "Alice is another alice at Duo",
      command: "sudo <%= config.bin %> user alias alice asmith@example.org",
    },
    {
      description: "Back to what the template makes",
      command: "sudo <%= config.bin %> user alias alice --remove",
    },
  ];

  static override args = {
    user: requiredUser,
    name: Args.string({ ignoreStdin: true, description: "the user's name at Duo" }),
  };

  static override usage = "user alias USER [NAME | --remove] [--json]";

  static override flags = {
    remove: Flags.boolean({ description: "take the alias away" }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(UserAlias);
    const { user, name } = args;
    if (flags.remove && name !== undefined) {
      throw new Fault("usage", "give a name, or --remove", {
        hint: "countersign help user alias",
      });
    }
    if (name !== undefined) demandHostAccount(user);
    await withCountersign({}, async (connection) => {
      const isChange = flags.remove || name !== undefined;
      if (!isChange) return show(connection, user, flags.json);
      const { changed } = await connection.service.setAlias(user, name);
      if (flags.json) return sayJson({ user, alias: name ?? null, changed });
      if (!changed) return say(`${user} ${name === undefined ? "has no alias" : "has it already"}`);
      say(name === undefined ? `${user} has no alias any more` : `${user} is ${name} at Duo`);
    });
  }
}

async function show({ service, settings }: Connection, user: string, json: boolean): Promise<void> {
  const { alias } = await service.showUser(user);
  if (json) return sayJson({ user, alias: alias ?? null });
  if (alias !== undefined) return say(`${user} is ${alias} at Duo`);
  const { usernameTemplate } = (await settings()).duo;
  const name = nameFrom(usernameTemplate, user, hostname());
  say(`${user} has no alias: at Duo they are ${name}, by the setting duo.usernameTemplate`);
}
