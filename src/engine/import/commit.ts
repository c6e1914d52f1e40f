/** All that was kept of an import comes, in one transaction; or none of it does. */
import type { ImportConflict, ImportOutcome, ImportSource } from "../../contracts/imported.ts";
import type { Caller } from "../../contracts/service.ts";
import type { StagedRow, Staging } from "../../contracts/staging.ts";
import type { Transaction, Unfitting } from "../../contracts/store.ts";
import type { AuditHead } from "../../core/audit-head.ts";
import { eventLine } from "../../core/audit-message.ts";
import { DIGIT_CODES_FACT } from "../../core/backup-code.ts";
import { Fault } from "../../core/fault.ts";
import type { EngineParts } from "../parts.ts";
import { mayAdminister } from "../permission.ts";
import { type Happening, recordAll } from "../record.ts";

/** Users whose rows are added at once; between two, those who log in are heard, and wait. */
const PAGE = 500;
/** Conflicts that are told one by one. */
export const TOLD = 10;
/** Events that the host's log is told of at once: it loses what comes faster than it writes. */
const LOGGED = 200;
/** Milliseconds between those. */
const PAUSE = 2;

export interface CommitOptions {
  /** Leaves out what does not fit any more, where otherwise nothing comes. */
  readonly isPartly: boolean;
  /** Called now and then with the number of rows that were added. */
  readonly progress?: ((rows: number) => void) | undefined;
}

/** What came so far, and what did not. */
interface Tally {
  rows: number;
  authenticators: number;
  users: number;
  tokens: number;
  backupCodeSets: number;
  leftOut: number;
  readonly conflicts: ImportConflict[];
}

export async function commitImport(
  parts: EngineParts,
  caller: Caller,
  id: string,
  source: ImportSource,
  options: CommitOptions,
): Promise<ImportOutcome> {
  mayAdminister(caller);
  const staging = parts.stagings.take(id);
  try {
    if (staging.isTrial) throw new Fault("usage", "this import was begun to look at alone");
    const tally = newTally();
    const undone = new Fault("conflict", "not all of it fits any more: nothing was imported");
    const recorded = await parts.store
      .transact(async (tx) => {
        const before = await tx.audit.head();
        const after = await bring(tx, parts, caller, {
          staging,
          source,
          before,
          tally,
          ...options,
        });
        if (tally.leftOut > 0 && !options.isPartly) throw undone;
        return { before, after };
      })
      .catch((error: unknown) => {
        if (error === undone) return undefined;
        throw error;
      });
    if (recorded) await tellLog(parts, recorded.before, recorded.after);
    const { rows: _, ...counts } = recorded ? tally : { ...newTally(), ...leftOutOf(tally) };
    return { done: recorded !== undefined, ...counts };
  } finally {
    staging.close();
  }
}

interface Bringing extends CommitOptions {
  readonly staging: Staging;
  readonly source: ImportSource;
  readonly before: AuditHead;
  readonly tally: Tally;
}

/** The end of the audit log after it. */
async function bring(
  tx: Transaction,
  parts: EngineParts,
  caller: Caller,
  { staging, source, before, tally, isPartly, progress }: Bringing,
): Promise<AuditHead> {
  const at = parts.clock.now();
  let head = before;
  for (const rows of staging.pages(PAGE)) {
    const { unfitting, backupCodeSets } = await tx.imports.add(rows, at);
    note(tally, rows, unfitting, backupCodeSets);
    if (unfitting.length > 0 && !isPartly) return head;
    const happenings = happeningsOf(source, rows, unfitting);
    tally.users += happenings.length;
    head = await recordAll(tx, parts, caller, head, happenings);
    progress?.(tally.rows);
  }
  // Where all was here already nothing changed, and there is nothing to tell of.
  if (tally.authenticators + tally.tokens === 0) return head;
  if (tally.backupCodeSets > 0) await tx.facts.setOnce(DIGIT_CODES_FACT, Buffer.of(1));
  return recordAll(tx, parts, caller, head, [
    { action: "import", detail: fileDetail(source, tally) },
  ]);
}

function note(
  tally: Tally,
  rows: readonly StagedRow[],
  unfitting: readonly Unfitting[],
  backupCodeSets: number,
): void {
  const left = unfitting.filter(({ row }) => row.user === undefined).length;
  const tokens = rows.filter(({ user }) => user === undefined).length;
  tally.rows += rows.length;
  tally.tokens += tokens - left;
  tally.authenticators += rows.length - tokens - (unfitting.length - left);
  tally.backupCodeSets += backupCodeSets;
  tally.leftOut += unfitting.length;
  tally.conflicts.push(...unfitting.slice(0, TOLD - tally.conflicts.length).map(conflictOf));
}

/** One event for each user to whom something came. */
function happeningsOf(
  { format }: ImportSource,
  rows: readonly StagedRow[],
  unfitting: readonly Unfitting[],
): Happening[] {
  const left = new Set(unfitting.map(({ row }) => row));
  const came = rows.filter((row) => row.user !== undefined && !left.has(row));
  return [...Map.groupBy(came, ({ user }) => user ?? "")].map(([user, own]) => {
    const method = own[0]?.method;
    const what = own.map((row) => (row.serial === "" ? row.method : `${row.method} ${row.serial}`));
    return { action: "import", user, method, detail: `${format}: ${what.join(", ")}` };
  });
}

function fileDetail({ format, sha256 }: ImportSource, tally: Tally): string {
  const { users, authenticators, tokens, leftOut } = tally;
  const counts = `users=${users} authenticators=${authenticators} tokens=${tokens}`;
  return `${format} sha256=${sha256} ${counts} left-out=${leftOut}`;
}

const WHY: Readonly<Record<Unfitting["why"], string>> = {
  disabled: "was disabled meanwhile",
  enrolled: "has enrolled meanwhile",
  serial: "its serial number is somebody's by now",
  method: "was given another of this method meanwhile",
};

function conflictOf({ row: { place, user }, why }: Unfitting): ImportConflict {
  return { place, user, why: WHY[why] };
}

/**
 * After the commit, out of what it left: a million events are not kept in memory until then.
 * What is not told here is in the audit log all the same.
 */
async function tellLog(
  { store, systemLog }: EngineParts,
  { sequence }: AuditHead,
  upTo: AuditHead,
): Promise<void> {
  if (systemLog === undefined) return;
  for (let after = sequence; after < upTo.sequence; ) {
    const from = after;
    const page = await store.read((view) => view.audit.page(from, LOGGED, { upTo: upTo.sequence }));
    for (const event of page) systemLog.tell(eventLine(event));
    after = page.at(-1)?.sequence ?? upTo.sequence;
    if (after < upTo.sequence) await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function newTally(): Tally {
  const counts = { rows: 0, authenticators: 0, users: 0, tokens: 0, backupCodeSets: 0 };
  return { ...counts, leftOut: 0, conflicts: [] };
}

function leftOutOf({ leftOut, conflicts }: Tally): Pick<Tally, "leftOut" | "conflicts"> {
  return { leftOut, conflicts };
}
