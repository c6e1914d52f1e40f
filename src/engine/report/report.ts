/** An audit of the accounts: what is not as the policy wants it, and what is worth a look. */
import type {
  ReportElement,
  ReportFinding,
  ReportQuery,
  ReportSection,
} from "../../contracts/report.ts";
import type { Caller } from "../../contracts/service.ts";
import type { AccountOverview } from "../../contracts/store.ts";
import { BACKUP_CODE } from "../../core/backup-code.ts";
import { LOCKED_FOREVER } from "../../core/throttle.ts";
import type { EngineParts } from "../parts.ts";
import { mayAdminister } from "../permission.ts";
import { Demands } from "./demands.ts";
import { failures } from "./failures.ts";
import { type Membership, membershipOf, type Person, people } from "./people.ts";
import { SharedNames } from "./shared-names.ts";

/** Fewer backup codes than this are few. */
const FEW = 3;

/** @throws Fault `not-permitted` unless root, or the owner of a personal store */
export async function* auditReport(
  parts: EngineParts,
  caller: Caller,
  query: ReportQuery,
): AsyncGenerator<ReportElement> {
  mayAdminister(caller);
  const { sections } = query;
  const wants = (section: ReportSection) => sections?.includes(section) ?? true;
  if (!parts.policy.enabled) {
    const detail = "everybody passes without a second factor";
    yield { finding: { kind: "policy-off", violation: true, detail } };
  }
  if (sections === undefined || sections.some((each) => each !== "failures")) {
    yield* onPeople(parts, query, wants);
  }
  if (wants("failures")) yield* failures(parts, query.failuresSince);
}

/** Asking the host of a name takes a process, however many are asked for. */
const AT_ONCE = 1_000;

async function* gathered(
  pages: AsyncIterable<readonly Person[]>,
): AsyncGenerator<readonly Person[]> {
  let group: Person[] = [];
  for await (const page of pages) {
    group.push(...page);
    if (group.length < AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

async function* onPeople(
  parts: EngineParts,
  query: ReportQuery,
  wants: (section: ReportSection) => boolean,
): AsyncGenerator<ReportElement> {
  const now = parts.clock.now();
  const isAboutRules = wants("unenrolled") || wants("exempt");
  const membership = await membershipOf(parts);
  const demands = new Demands(parts, membership, now);
  const shared = wants("shared-names") ? await SharedNames.among(parts) : undefined;
  let seen = 0;
  for await (const group of gathered(people(parts, membership))) {
    const unknown = isAboutRules ? await demands.unknownAmong(group) : new Set();
    for (const person of group) {
      shared?.add(person);
      const isKnown = !unknown.has(person.user);
      if (isAboutRules) demands.countPassed(person, isKnown);
      const unenrolled = wants("unenrolled") && demands.lacking(person, isKnown);
      if (unenrolled) yield { finding: unenrolled };
      for (const finding of ofAccount(parts, person, query, wants, now)) yield { finding };
    }
    seen += group.length;
    yield { seen, of: "account" };
  }
  for (const finding of shared?.findings() ?? []) yield { finding };
  if (wants("exempt")) for (const finding of demands.exemptions()) yield { finding };
  if (!wants("unenrolled")) return;
  for (const detail of unknowable(membership, demands)) {
    yield { finding: { kind: "unknown", violation: false, detail } };
  }
}

function* ofAccount(
  { methods }: EngineParts,
  { user, account }: Person,
  { sections, unusedSince }: ReportQuery,
  wants: (section: ReportSection) => boolean,
  now: number,
): Generator<ReportFinding> {
  if (!account) return;
  const { throttledUntil = 0, backupCodesLeft, disabledAt } = account;
  if (throttledUntil > now && wants("throttled")) {
    const until = throttledUntil === LOCKED_FOREVER ? { detail: "locked" } : { at: throttledUntil };
    yield { kind: "throttled", violation: false, user, ...until };
  }
  const use = useOf(account);
  // Whoever is shut out uses nothing, and is to use nothing.
  if (!use || disabledAt !== undefined) return;
  if (use.at < unusedSince && wants("stale")) {
    // Named by the caller, the days are what they want of everybody.
    const violation = sections?.includes("stale") ?? false;
    yield { kind: "stale", violation, user, at: use.at, ...(use.isUsed ? {} : NEVER) };
  }
  if (!use.isUsed && wants("never-used")) {
    yield { kind: "never-used", violation: false, user, at: use.at };
  }
  const offersCodes = methods.some(({ name }) => name === BACKUP_CODE);
  if (offersCodes && backupCodesLeft < FEW && wants("few-backup-codes")) {
    yield { kind: "few-backup-codes", violation: false, user, count: backupCodesLeft };
  }
}

const NEVER = { detail: "never, since it was enrolled" };

/** When anything active was last used, or, where nothing was, enrolled; undefined for nothing active. */
function useOf({
  authenticators,
  createdAt,
}: AccountOverview): { readonly at: number; readonly isUsed: boolean } | undefined {
  const active = authenticators.filter(({ status }) => status === "active");
  if (active.length === 0) return undefined;
  const used = active.flatMap(({ lastUsedAt }) => lastUsedAt ?? []);
  const enrolled = active.map(({ enrolledAt }) => enrolledAt ?? createdAt);
  return { at: Math.max(...used, ...enrolled), isUsed: used.length > 0 };
}

function unknowable({ unknown }: Membership, { scenes }: Demands): string[] {
  return [
    "users whom getent passwd does not list, and no rule names, are not looked at",
    ...(unknown.length === 0
      ? []
      : [`who is in ${unknown.slice(0, 5).join(", ")}: this host does not tell`]),
    ...(scenes.isComplete
      ? []
      : ["the rules tell more services or networks apart than were tried"]),
  ];
}
