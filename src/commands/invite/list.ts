import { withCountersign } from "../../client/connect.ts";
import type { InvitationSummary } from "../../contracts/service.ts";
import { outputColumns, say, sayJsonArray } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json, optionalUser } from "../base.ts";
import { shortTime } from "../words.ts";
import { bounds, invitationDocument } from "./document.ts";

const HEADINGS = ["id", "user", "status", "until", "by", "bound to"];

export class InviteList extends CountersignCommand {
  static override summary = "List invitations, without their codes.";

  static override description =
    `Of everybody, or of USER. What was used or has expired is listed for a month.`;

  static override examples = [
    { description: "All of them", command: "sudo <%= config.bin %> invite list" },
    { description: "For a program", command: "sudo <%= config.bin %> invite list --json" },
  ];

  static override args = {
    user: { ...optionalUser, description: "login name; all when left out" },
  };

  static override flags = { json };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(InviteList);
    await withCountersign({}, async ({ service }) => {
      const all = service.listInvitations(args.user);
      if (flags.json) return sayJsonArray(documents(all));
      const rows = await Array.fromAsync(all, toRow);
      if (rows.length === 0) say("There are no invitations.");
      else say(...table(HEADINGS, rows, { columns: outputColumns() }));
    });
  }
}

async function* documents(all: AsyncIterable<InvitationSummary>): AsyncGenerator<object> {
  for await (const each of all) yield invitationDocument(each);
}

function toRow(invitation: InvitationSummary): string[] {
  const { id, user, status, expiresAt, createdBy } = invitation;
  const where = bounds(invitation).join(", ") || "-";
  return [id, user, status, shortTime(expiresAt), createdBy.replace(/^[0-9]+:/, ""), where];
}
