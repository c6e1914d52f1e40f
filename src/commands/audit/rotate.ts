import { Flags } from "@oclif/core";
import { type Rotated, rotateAudit } from "../../client/audit-archive.ts";
import { withCountersign } from "../../client/connect.ts";
import { formatHead } from "../../core/audit-head.ts";
import { Fault } from "../../core/fault.ts";
import { parseMoment } from "../../core/policy/date.ts";
import { printable } from "../../core/printable.ts";
import { say, sayJson } from "../../terminal/output.ts";
import { progress } from "../../terminal/progress.ts";
import { CountersignCommand, json } from "../base.ts";
import { counted } from "../words.ts";

const DAY = 86_400_000;

export class AuditRotate extends CountersignCommand {
  static override summary = "Move old events from the store to a file.";

  static override description =
    `The file has an event a line, in JSON, and last a signed checkpoint: with it the log in
the store goes on as one chain with what is in the file. It is on disk before anything is
removed, and removed is a little at a time, so that logins go on. Cut short, nothing is
lost: give the same command again.`;

  static override examples = [
    {
      description: "Keep a year in the store",
      command: "sudo <%= config.bin %> audit rotate --keep 365 --archive /srv/audit/2026.jsonl",
    },
    {
      description: "Prove files and store as one",
      command: "sudo <%= config.bin %> audit verify --archive /srv/audit/2026.jsonl",
    },
  ];

  static override flags = {
    archive: Flags.string({
      helpValue: "FILE",
      required: true,
      description: "the file to write, which must not be there",
    }),
    before: Flags.string({
      helpValue: "DATE",
      exclusive: ["keep"],
      description: "what happened before YYYY-MM-DD, or YYYY-MM-DDTHH:MMZ, in UTC",
    }),
    keep: Flags.integer({
      helpValue: "DAYS",
      min: 0,
      max: 36_500,
      description: "all but what happened in so many days",
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditRotate);
    const before = moment(flags);
    const line = progress();
    const tell = (what: string, events: number): void =>
      line.update(`${counted(events, "event")} ${what}`);
    let done: Rotated;
    try {
      done = await withCountersign({}, ({ service }) =>
        rotateAudit(service, before, flags.archive, tell),
      );
    } finally {
      line.done();
    }
    const { archived, removed, checkpoint } = done;
    if (flags.json) {
      sayJson({ archived, removed, head: checkpoint ? formatHead(checkpoint) : null });
    } else if (checkpoint) {
      say(`${counted(archived, "event")} archived in ${printable(flags.archive, 4096)}`);
    } else say("nothing to archive: no event is so old");
    if (!flags.json && removed !== archived) {
      say(`${counted(removed, "event")} removed from the store`);
    }
  }
}

function moment({ before, keep }: { before?: string | undefined; keep?: number | undefined }) {
  if (keep !== undefined) return Date.now() - keep * DAY;
  const at = before === undefined ? undefined : parseMoment(before);
  if (at !== undefined) return at;
  const what =
    before === undefined
      ? "how old shall what is archived be?"
      : "--before takes a day, such as 2026-12-01, or a minute, such as 2026-12-01T08:00Z";
  throw new Fault("usage", what, { hint: "--keep DAYS, or --before DATE" });
}
