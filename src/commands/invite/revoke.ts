import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { InvitationChoice } from "../../contracts/service.ts";
import { Fault } from "../../core/fault.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { counted } from "../words.ts";

export class InviteRevoke extends CountersignCommand {
  static override summary = "Take invitations back.";

  static override description =
    `All that USER has and has not used, or the one of an id, as invite list has it. An enrollment
that is under way with it ends in a refusal.`;

  static override examples = [
    { description: "Whatever alice has", command: "sudo <%= config.bin %> invite revoke alice" },
    {
      description: "One of them",
      command: "sudo <%= config.bin %> invite revoke --id 0123456789abcdef",
    },
  ];

  static override args = { user: { ...optionalUser, description: "login name" } };

  static override usage = "invite revoke (USER | --id ID) [--json]";

  static override flags = {
    id: Flags.string({ helpValue: "ID", description: "only the one of this id" }),
    json,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(InviteRevoke);
    const choice = choiceOf(args.user, flags.id);
    const revoked = await withCountersign({}, ({ service }) => service.revokeInvitations(choice));
    if (flags.json) sayJson({ ...choice, revoked });
    else
      say(
        revoked === 0
          ? "There was none to take back."
          : `revoked ${counted(revoked, "invitation")}`,
      );
  }
}

function choiceOf(user: string | undefined, id: string | undefined): InvitationChoice {
  if (user !== undefined && id === undefined) return { user };
  if (user === undefined && id !== undefined) return { id };
  throw new Fault("usage", "give a user, or --id", { hint: "countersign help invite revoke" });
}
