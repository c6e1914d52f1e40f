import { withCountersign } from "../../client/connect.ts";
import type { UserSummary } from "../../contracts/service.ts";
import { outputColumns, say, sayJsonArray } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json } from "../base.ts";
import { USER_HEADINGS, userDocument, userRow } from "./document.ts";

/** Rows laid out together: columns are as wide as the widest cell among them. */
const CHUNK = 500;

export class UserList extends CountersignCommand {
  static override summary = "List users, by name.";

  static override description =
    `Everyone who has ever enrolled or been disabled here. A user's status is active,
pending (begun and not confirmed), disabled, or none (nothing enrolled).`;

  static override examples = [
    { description: "A table", command: "sudo <%= config.bin %> user list" },
    {
      description: "Who has few backup codes left",
      command:
        "sudo <%= config.bin %> user list --json |\n  jq -r '.[] | select(.backupCodesLeft < 3).user'",
    },
  ];

  static override flags = { json };

  override async run(): Promise<void> {
    const { flags } = await this.parse(UserList);
    await withCountersign({}, async ({ service }) => {
      if (flags.json) return sayJsonArray(documents(service.listUsers()));
      const printed = await printTable(service.listUsers());
      if (printed === 0) say("Nobody has enrolled here yet: countersign enroll USER");
    });
  }
}

async function* documents(users: AsyncIterable<UserSummary>): AsyncGenerator<object> {
  for await (const user of users) yield userDocument(user);
}

/** How many users it printed. */
async function printTable(users: AsyncIterable<UserSummary>): Promise<number> {
  let rows: string[][] = [];
  let printed = 0;
  const flush = (): void => {
    const lines = table(USER_HEADINGS, rows, { columns: outputColumns() });
    say(...(printed === 0 ? lines : lines.slice(1)));
    printed += rows.length;
    rows = [];
  };
  for await (const user of users) {
    rows.push(userRow(user));
    if (rows.length === CHUNK) flush();
  }
  if (rows.length > 0) flush();
  return printed;
}
