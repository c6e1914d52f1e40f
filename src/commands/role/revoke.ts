import { Args, Flags } from "@oclif/core";
import { revokeRole } from "../../client/roles.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json } from "../base.ts";
import { warnUnrecorded } from "../config/unrecorded.ts";
import { roleDocument, roleWords } from "./role-words.ts";

export class RoleRevoke extends CountersignCommand {
  static override summary = "Take a group's roles away.";

  static override description =
    `All of them, or with --over those over one of these groups. It counts at once. Also for a
group that this host has no more.`;

  static override examples = [
    {
      description: "The help desk helps no more",
      command: "sudo <%= config.bin %> role revoke desk",
    },
  ];

  static override args = {
    group: Args.string({
      ignoreStdin: true,
      name: "group",
      required: true,
      description: "the group that holds them",
    }),
  };

  static override flags = {
    over: Flags.string({
      helpValue: "GROUP",
      description: "only those over this group; may be repeated",
      multiple: true,
      multipleNonGreedy: true,
    }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RoleRevoke);
    const { changed, unrecorded } = await revokeRole(args.group, flags.over ?? []);
    if (flags.json) sayJson(changed.map(roleDocument));
    else for (const { role } of changed) say(`revoked: ${roleWords(role)}`);
    warnUnrecorded(unrecorded);
  }
}
