import { Flags } from "@oclif/core";
import { type Connection, withCountersign } from "../../client/connect.ts";
import {
  REPORT_SECTIONS,
  type ReportElement,
  type ReportFinding,
  type ReportQuery,
  type ReportSection,
} from "../../contracts/report.ts";
import { csvRow } from "../../terminal/csv.ts";
import { outputColumns, sayJsonArray, sayTexts, whileRead } from "../../terminal/output.ts";
import { type Progress, progress } from "../../terminal/progress.ts";
import { styleFor } from "../../terminal/style.ts";
import { CountersignCommand, json } from "../base.ts";
import { momentFrom } from "../moment.ts";
import { counted, isoTime } from "../words.ts";
import { reportLines } from "./report-text.ts";

/** In milliseconds. */
const DAY = 86_400_000;
/** Days without use that are worth a look, where none are named. */
const STALE = 90;
const FAILURES_SINCE = "7d";

const CSV = ["kind", "violation", "user", "rule", "name", "count", "at", "detail"] as const;

const section = (description: string) => Flags.boolean({ description });

export class AuditReport extends CountersignCommand {
  static override summary = "Report accounts that are not as the policy wants them.";

  static override description =
    `By the code that decides logins: of the accounts of the store, of the users whom rules
name, and of the members of the groups that they name. Without a section, all of them. These
violate the policy: users who must pass somewhere and have nothing enrolled that counts there (not
while a rule lets them in with a reminder), exemptions without an end, users who share one name at Duo, the policy being off; and users whom
--stale finds, where its days are given.

Exit status: 1 when something violates the policy, or it failed; 0 when nothing does.`;

  static override examples = [
    { description: "All of it", command: "sudo <%= config.bin %> audit report" },
    {
      description: "For a monthly check: exit status 1 where somebody is missing",
      command: "sudo <%= config.bin %> audit report --unenrolled --stale 90",
    },
    {
      description: "For a spreadsheet",
      command: "sudo <%= config.bin %> audit report --csv > report.csv",
    },
  ];

  static override usage =
    "audit report [--unenrolled] [--stale DAYS] [--never-used] [--few-backup-codes] [--shared-names] [--exempt] [--throttled] [--failures] [--since TIME] [--json | --csv]";
  static override flags = {
    unenrolled: section("who must pass and has nothing enrolled that counts"),
    stale: Flags.integer({
      helpValue: "DAYS",
      description: `who has not used what they enrolled for so long; ${STALE} in the whole report`,
      min: 1,
      max: 36_500,
    }),
    "never-used": section("who has never used what they enrolled"),
    "few-backup-codes": section("who has fewer than 3 backup codes left"),
    "shared-names": section("who is called the same at Duo as somebody else"),
    exempt: section("the rules that exempt, with how many of these users each lets pass"),
    throttled: section("who is throttled now"),
    failures: section("who was refused most often, and from where"),
    since: Flags.string({
      helpValue: "TIME",
      description: "count failures from this time on, or from so long ago",
      default: FAILURES_SINCE,
    }),
    csv: Flags.boolean({ description: "print comma-separated values", exclusive: ["json"] }),
    json,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AuditReport);
    const query = queryFrom(flags, Date.now());
    const violations = await withCountersign({}, async (connection) => {
      const line = progress();
      const tally = { violations: 0 };
      const elements = whileRead(connection.service.auditReport(query));
      const findings = counting(elements, tally, line);
      if (flags.json) await sayJsonArray(documents(findings));
      else if (flags.csv) await sayTexts(csvOf(findings));
      else await sayLines(findings, connection);
      return tally.violations;
    });
    if (violations > 0) this.exit(1);
  }
}

type SectionFlags = Partial<Readonly<Record<ReportSection, boolean | number | undefined>>>;

function queryFrom(flags: SectionFlags & { readonly since: string }, now: number): ReportQuery {
  const asked = REPORT_SECTIONS.filter((name) => flags[name]);
  const days = typeof flags.stale === "number" ? flags.stale : STALE;
  return {
    sections: asked.length === 0 ? undefined : asked,
    unusedSince: now - days * DAY,
    failuresSince: momentFrom("since", flags.since, now),
  };
}

async function* counting(
  elements: AsyncIterable<ReportElement>,
  tally: { violations: number },
  line: Progress,
): AsyncGenerator<ReportFinding> {
  try {
    for await (const element of elements) {
      if ("finding" in element) {
        if (element.finding.violation) tally.violations++;
        yield element.finding;
      } else line.update(`${counted(element.seen, element.of)} looked at`);
    }
  } finally {
    line.done();
  }
}

async function* documents(findings: AsyncIterable<ReportFinding>): AsyncGenerator<object> {
  for await (const finding of findings) yield documentOf(finding);
}

function documentOf({ at, ...finding }: ReportFinding) {
  return { ...finding, ...(at === undefined ? {} : { at: isoTime(at) }) };
}

async function* csvOf(findings: AsyncIterable<ReportFinding>): AsyncGenerator<string> {
  yield csvRow(CSV);
  for await (const finding of findings) {
    const document: Readonly<Record<string, unknown>> = documentOf(finding);
    yield csvRow(CSV.map((name) => (name in document ? String(document[name]) : "")));
  }
}

async function sayLines(
  findings: AsyncIterable<ReportFinding>,
  { settings }: Connection,
): Promise<void> {
  const all = await Array.fromAsync(findings);
  const { rules } = (await settings()).policy;
  const columns = outputColumns();
  const style = styleFor(process.env, process.stdout);
  await sayTexts(ended(reportLines({ findings: all, rules, columns, style })));
}

async function* ended(lines: Iterable<string>): AsyncGenerator<string> {
  for (const line of lines) yield `${line}\n`;
}
