/** What a report found, as people read it: a table for each kind of finding. */
import type { FindingKind, ReportFinding } from "../../contracts/report.ts";
import { FINDING_KINDS } from "../../contracts/report.ts";
import type { Rule } from "../../core/policy/rule.ts";
import { printable } from "../../core/printable.ts";
import type { Style } from "../../terminal/style.ts";
import { table } from "../../terminal/table.ts";
import { fillLines } from "../help-text.ts";
import { ruleWords } from "../policy/rule-words.ts";
import { counted, shortTime } from "../words.ts";

const INDENT = "  ";

interface Section {
  readonly title: string;
  readonly headings: readonly string[];
  readonly row: (finding: ReportFinding, rules: readonly Rule[]) => readonly string[];
}

const user = (finding: ReportFinding): string => finding.user ?? "-";
const count = (finding: ReportFinding): string => String(finding.count ?? 0);

const SECTIONS: Readonly<Record<Exclude<FindingKind, "policy-off" | "unknown">, Section>> = {
  unenrolled: {
    title: "Must pass, and have nothing enrolled that counts",
    headings: ["user", "decided by", "is"],
    row: (each) => [user(each), each.rule ? `rule ${each.rule}` : "no rule", each.detail ?? ""],
  },
  stale: {
    title: "Have not used what they enrolled for so long",
    headings: ["user", "last used", ""],
    row: (each) => [user(each), shortTime(each.at), each.detail ?? ""],
  },
  "shared-name": {
    title: "Are one at Duo",
    headings: ["name at Duo", "user", ""],
    row: (each) => [each.name ?? "", user(each), each.detail ?? ""],
  },
  exempt: {
    title: "Rules that exempt",
    headings: ["rule", "users", "end", "says"],
    row: (each, rules) => {
      const rule = rules[(each.rule ?? 0) - 1];
      return [`${each.rule}`, count(each), each.detail ?? "", rule ? ruleWords(rule) : ""];
    },
  },
  "never-used": {
    title: "Have never used what they enrolled",
    headings: ["user", "enrolled"],
    row: (each) => [user(each), shortTime(each.at)],
  },
  "few-backup-codes": {
    title: "Have few backup codes left",
    headings: ["user", "left"],
    row: (each) => [user(each), count(each)],
  },
  throttled: {
    title: "Are throttled",
    headings: ["user", "until"],
    row: (each) => [user(each), each.detail ?? shortTime(each.at, "seconds")],
  },
  "failures-of-user": {
    title: "Were refused most often",
    headings: ["user", "times"],
    row: (each) => [user(each), count(each)],
  },
  "failures-from": {
    title: "Were refused most often, by where they came from",
    headings: ["from", "times"],
    row: (each) => [each.name ?? "", count(each)],
  },
};

export interface Told {
  readonly findings: readonly ReportFinding[];
  /** Of the policy in force. */
  readonly rules: readonly Rule[];
  readonly columns: number;
  readonly style: Style;
}

export function* reportLines({ findings, rules, columns, style }: Told): Generator<string> {
  const byKind = Map.groupBy(findings, ({ kind }) => kind);
  const violations = findings.filter(({ violation }) => violation).length;
  if (violations === 0) yield "Nothing violates the policy.";
  else {
    const verb = violations === 1 ? "violates" : "violate";
    yield style.red(`${counted(violations, "finding")} ${verb} the policy.`);
  }
  if (byKind.has("policy-off")) {
    yield style.red("The policy is off: everybody passes without a second factor.");
  }
  for (const kind of FINDING_KINDS) {
    const own = byKind.get(kind) ?? [];
    if (kind === "policy-off" || kind === "unknown" || own.length === 0) continue;
    const { title, headings, row } = SECTIONS[kind];
    const head = `${title}: ${own.length}`;
    yield "";
    yield own.some(({ violation }) => violation) ? style.yellow(head) : style.bold(head);
    yield* indented(headings, own, (each) => row(each, rules), columns - INDENT.length);
  }
  yield* unknownLines(byKind.get("unknown") ?? [], columns);
}

/** Rows laid out together: there may be a hundred thousand. */
const CHUNK = 500;

function* indented(
  headings: readonly string[],
  findings: readonly ReportFinding[],
  toRow: (finding: ReportFinding) => readonly string[],
  columns: number,
): Generator<string> {
  for (let at = 0; at < findings.length; at += CHUNK) {
    const lines = table(headings, findings.slice(at, at + CHUNK).map(toRow), { columns });
    for (const line of at === 0 ? lines : lines.slice(1)) yield INDENT + line;
  }
}

function unknownLines(findings: readonly ReportFinding[], columns: number): string[] {
  if (findings.length === 0) return [];
  const width = Math.min(columns, 80) - INDENT.length;
  const lines = findings.flatMap(({ detail, count: times }) =>
    fillLines(printable(times ? `${detail}: ${times}` : (detail ?? "")), INDENT, width),
  );
  return ["", "Not known:", ...lines.map((line) => INDENT + line)];
}
