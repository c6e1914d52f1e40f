import { Flags } from "@oclif/core";
import { withCountersign } from "../../client/connect.ts";
import type { Countersign } from "../../contracts/service.ts";
import type { AuditFilter } from "../../contracts/store.ts";
import type { AuditRecord } from "../../core/audit-chain.ts";
import { printable } from "../../core/printable.ts";
import { outputColumns, say, sayJson, sayJsonArray, whileRead } from "../../terminal/output.ts";
import { table } from "../../terminal/table.ts";
import { CountersignCommand, json } from "../base.ts";
import { warn } from "../policy/changed.ts";
import { isoTime, shortTime } from "../words.ts";
import { filterFlags, filterFrom } from "./filter.ts";
import { followAudit } from "./follow.ts";

const HEADINGS = ["time", "action", "user", "outcome", "service", "from"];
const SHOWN = 50;
/** Of what was there before, where what comes is followed. */
const FOLLOWED = 10;
/** Of the columns that follow one another line by line. */
const WIDTHS = [14, 14, 10, 22, 6, 0];

export class AuditList extends CountersignCommand {
  static override summary = "List what happened, oldest first.";

  static override description =
    `Who asked for what, and how it ended. The person refused never learns the reason; it
stands here. People are shown the last 50 events unless --last says otherwise;
--json gives all. What is asked for must all be true of an event. Times are given in
UTC and listed in local time; with --json they are in UTC.

With --follow, the last 10 and then what happens, until Ctrl-C; --json is then one document a
line.`;

  static override examples = [
    { description: "The last events", command: "sudo <%= config.bin %> audit list" },
    {
      description: "Why alice could not log in",
      command: "sudo <%= config.bin %> audit list --user alice",
    },
    {
      description: "Who was refused at ssh during the last day",
      command: "sudo <%= config.bin %> audit list --since 24h --service sshd --verdict reject",
    },
    {
      description: "What happens now",
      command: "sudo <%= config.bin %> audit list --follow",
    },
    {
      description: "Everything, for a log collector",
      command: "sudo <%= config.bin %> audit list --json",
    },
  ];

  static override flags = {
    ...filterFlags,
    last: Flags.integer({
      helpValue: "N",
      min: 1,
      max: 100_000,
      description: "only so many, the newest",
    }),
    follow: Flags.boolean({
      description: "go on with what happens from now on, until Ctrl-C",
      exclusive: ["until"],
    }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditList);
    const filter = filterFrom(flags, Date.now());
    await withCountersign({}, async ({ service }) => {
      if (flags.follow) return follow(service, filter, flags.last ?? FOLLOWED, flags.json);
      if (flags.json) return sayJsonArray(documents(service.listAudit(filter, flags.last)));
      const rows = await Array.fromAsync(service.listAudit(filter, flags.last ?? SHOWN), toRow);
      const isFiltered = Object.values(filter).some((value) => value !== undefined);
      if (rows.length > 0) say(...table(HEADINGS, rows, { columns: outputColumns() }));
      else say(isFiltered ? "No event is like that." : "Nothing has happened yet.");
    });
  }
}

/** A table would have to know all rows first: each line stands for itself. */
async function follow(
  service: Countersign,
  filter: AuditFilter,
  last: number,
  json: boolean,
): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const events = followAudit(service, filter, { last, stop: stop.signal, warn });
  for await (const event of whileRead(events)) {
    if (json) sayJson(documentOf(event));
    else say(lineOf(toRow(event), outputColumns()));
  }
}

function lineOf(cells: readonly string[], columns: number): string {
  const line = cells.map((cell, at) => printable(cell).padEnd(WIDTHS[at] ?? 0)).join("  ");
  return [...line.trimEnd()].slice(0, columns).join("");
}

async function* documents(records: AsyncIterable<AuditRecord>): AsyncGenerator<object> {
  for await (const record of records) yield documentOf(record);
}

function documentOf(record: AuditRecord): object {
  return { ...record, at: isoTime(record.at) };
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

/** What one did for another is told with their name; what root did, and each for themselves, is not. */
function outcome({ verdict, reason, method, detail, user, caller }: AuditRecord): string {
  const [uid, login] = (caller ?? "").split(":");
  const by = login && uid !== "0" && login !== user ? `by ${login}` : "";
  if (verdict === null) return [detail ?? method ?? "", by].filter(Boolean).join(" ");
  return reason === null ? verdict : `${verdict}: ${reason}`;
}
