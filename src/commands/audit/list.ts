import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { AuditRecord } from "../../core/audit-chain.ts";
import { outputColumns, say, sayJsonArray } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json } from "../base.ts";
import { isoTime, shortTime } from "../words.ts";

const HEADINGS = ["time", "action", "user", "outcome", "service", "from"];
const SHOWN = 50;

export class AuditList extends CountersignCommand {
  static override summary = "List what happened, oldest first.";

  static override description =
    `Who asked for what, and how it ended. The person refused never learns the reason; it
stands here. People are shown the last 50 events unless --last says otherwise;
--json gives all.`;

  static override examples = [
    { description: "The last events", command: "sudo <%= config.bin %> audit list" },
    {
      description: "Why alice could not log in",
      command: "sudo <%= config.bin %> audit list --user alice",
    },
    {
      description: "Everything, for a log collector",
      command: "sudo <%= config.bin %> audit list --json",
    },
  ];

  static override flags = {
    user: Flags.string({ helpValue: "USER", description: "only this user's events" }),
    last: Flags.integer({
      helpValue: "N",
      min: 1,
      max: 100_000,
      description: "only so many, the newest",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditList);
    const filter = flags.user === undefined ? {} : { user: flags.user };
    await withCountersign({}, async ({ service }) => {
      if (flags.json) return sayJsonArray(documents(service.listAudit(filter, flags.last)));
      const rows = await Array.fromAsync(service.listAudit(filter, flags.last ?? SHOWN), toRow);
      if (rows.length === 0) say("Nothing has happened yet.");
      else say(...table(HEADINGS, rows, { columns: outputColumns() }));
    });
  }
}

async function* documents(records: AsyncIterable<AuditRecord>): AsyncGenerator<object> {
  for await (const record of records) yield { ...record, at: isoTime(record.at) };
}

function toRow(record: AuditRecord): string[] {
  const { at, action, user, service, rhost } = record;
  const cells = [user, outcome(record), service, rhost];
  return [
    shortTime(at, "seconds").slice("2026-".length),
    action,
    ...cells.map((cell) => cell || "-"),
  ];
}

function outcome({ verdict, reason, method, detail }: AuditRecord): string {
  if (verdict === null) return detail ?? method ?? "";
  return reason === null ? verdict : `${verdict}: ${reason}`;
}
